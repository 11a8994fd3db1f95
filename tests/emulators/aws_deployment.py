"""The function for CloudWatch in an AWS account, with the rights that its README names and no others."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulators.ministack import ACCOUNT, REGION, Ministack
from emulators.processes import wait_until

__all__ = ["AwsDeployment"]

_WRITE_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
# On AWS, batches need the right of a single message; ministack asks for one that AWS does not know.
_PUBLISH = ("sns:Publish", "sns:PublishBatch")
_SEND = ("sqs:SendMessage", "sqs:SendMessageBatch")
_PUT_AT_ONCE = 1000
_STREAM = "kube-apiserver-audit-0123456789abcdef0123456789abcdef"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


class AwsDeployment:
    """Log group, subscription, function, topic for alerts and a queue behind it, queue for dead letters.

    `package` is the zip, `runtime` Lambda's name of the Python that it is for. With `may_publish` false, the role lacks
    the right to publish alerts.
    """

    def __init__(
        self,
        ministack: Ministack,
        package: bytes,
        runtime: str,
        *,
        cluster: str = "shop",
        settings: Mapping[str, str] | None = None,
        may_publish: bool = True,
    ) -> None:
        self.log_group = f"/aws/eks/{cluster}/cluster"
        self.function = f"lanner-{cluster}"
        self._logs, self._lambda = ministack.client("logs"), ministack.client("lambda")
        self._sqs, self._sns, self._iam = (ministack.client(service) for service in ("sqs", "sns", "iam"))

        self.topic = self._sns.create_topic(Name=f"{self.function}-alerts")["TopicArn"]
        self.alerts, alerts_arn = self._queue("alerts")
        self._let_the_topic_send(alerts_arn)
        self._sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=alerts_arn)
        self.dead_letters, dead_letters_arn = self._queue("dead-letters")

        own_log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{self.function}:*"
        allowed = [(_WRITE_LOGS, own_log), (_SEND, dead_letters_arn)]
        if may_publish:
            allowed.append((_PUBLISH, self.topic))
        variables = {"LANNER_SNS_TOPIC_ARN": self.topic, "LANNER_DEAD_LETTERS": self.dead_letters, **(settings or {})}
        arn = self._lambda.create_function(
            FunctionName=self.function,
            Runtime=runtime,
            Handler="handler.handle",
            Role=self._role(allowed),
            Code={"ZipFile": package},
            Timeout=60,
            MemorySize=256,
            Environment={"Variables": variables},
        )["FunctionArn"]
        wait_until(lambda: self._state() == "Active", 30, "the function's start")
        self._subscribe(arn)

    def log(self, lines: Sequence[str]) -> None:
        """Write lines of an audit log as EKS does; CloudWatch Logs hands them to the function."""
        now = time.time_ns() // 1_000_000
        for start in range(0, len(lines), _PUT_AT_ONCE):
            events = [{"timestamp": now, "message": line} for line in lines[start : start + _PUT_AT_ONCE]]
            self._logs.put_log_events(logGroupName=self.log_group, logStreamName=_STREAM, logEvents=events)

    def received(self, count: int, seconds: float = 30) -> Iterator[dict[str, Any]]:
        """Yield alerts as they come out of the queue, until there were `count`, or nothing came for some seconds.

        Each is `Message` (the alert, as a dictionary) and `MessageAttributes` of what the topic delivered.
        """
        end = time.monotonic() + seconds
        while count > 0 and time.monotonic() < end:
            for body in self._taken(self.alerts):
                delivered = json.loads(body)
                yield delivered | {"Message": json.loads(delivered["Message"])}
                count -= 1
                end = time.monotonic() + seconds

    def kept(self) -> list[dict[str, Any]]:
        """Return the dead letters that are there, and take them away."""
        found: list[dict[str, Any]] = []
        while bodies := self._taken(self.dead_letters):
            found += map(json.loads, bodies)
        return found

    def waiting(self) -> int:
        """Return the number of dead letters that can be taken."""
        name = "ApproximateNumberOfMessages"
        answer = self._sqs.get_queue_attributes(QueueUrl=self.dead_letters, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def said(self) -> list[str]:
        """Return the function's log."""
        try:
            answer = self._logs.filter_log_events(logGroupName=f"/aws/lambda/{self.function}")
        except self._logs.exceptions.ResourceNotFoundException:  # it has not run yet
            return []
        return [event["message"] for event in answer["events"]]

    def _queue(self, name: str) -> tuple[str, str]:
        url = self._sqs.create_queue(QueueName=f"{self.function}-{name}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        return url, attributes["QueueArn"]

    def _let_the_topic_send(self, queue: str) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": self.topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=self.alerts, Attributes={"Policy": policy})

    def _role(self, allowed: Sequence[tuple[Sequence[str], str]]) -> str:
        statements = [
            {"Effect": "Allow", "Action": list(actions), "Resource": resource} for actions, resource in allowed
        ]
        arn: str = self._iam.create_role(RoleName=self.function, AssumeRolePolicyDocument=json.dumps(_TRUST))["Role"][
            "Arn"
        ]
        self._iam.put_role_policy(
            RoleName=self.function,
            PolicyName="lanner",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statements}),
        )
        return arn

    def _state(self) -> str:
        state: str = self._lambda.get_function_configuration(FunctionName=self.function)["State"]
        return state

    def _subscribe(self, function: str) -> None:
        self._logs.create_log_group(logGroupName=self.log_group)
        self._logs.create_log_stream(logGroupName=self.log_group, logStreamName=_STREAM)
        self._lambda.add_permission(
            FunctionName=self.function,
            StatementId="logs",
            Action="lambda:InvokeFunction",
            Principal="logs.amazonaws.com",
            SourceArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{self.log_group}:*",
        )
        self._logs.put_subscription_filter(
            logGroupName=self.log_group, filterName="lanner", filterPattern="", destinationArn=function
        )

    def _taken(self, queue: str) -> list[str]:
        answer = self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]
