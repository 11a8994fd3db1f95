"""Which keys audit events and the objects in them usually have, in the order in which API servers write them.

The tables decide nothing but speed: an event, or an object in it, that has other keys is read from its text.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BODY", "EVENT", "Keys"]

Keys = Mapping[str, "Keys | type[str] | None"]
"""Keys of a JSON object, each with those of its value (or of the elements, if that is an array of objects).

`str` stands for a string that is never written with escapes, `None` for anything else.
"""


def _keys(text: str, **known: Keys) -> Keys:
    """Read `key` and `key:str`; `known` are the keys of values."""
    keys = [word.partition(":") for word in text.split()]
    return {key: str if text else known.get(key) for key, _, text in keys}


EVENT = _keys(
    "kind:str apiVersion:str level:str auditID:str stage:str requestURI verb:str user impersonatedUser "
    "authenticationMetadata sourceIPs userAgent objectRef responseStatus requestObject responseObject "
    "requestReceivedTimestamp:str stageTimestamp:str annotations",
    user=_keys("username:str uid:str groups extra"),
    objectRef=_keys(
        "resource:str namespace:str name:str uid:str apiGroup:str apiVersion:str resourceVersion:str subresource:str"
    ),
    responseStatus=_keys("metadata status:str message reason:str details code"),
)
"""The keys of an event (Kubernetes API reference, audit.k8s.io/v1)."""

_CONTAINER = _keys(
    "name image command args workingDir ports envFrom env resources resizePolicy restartPolicy volumeMounts "
    "volumeDevices livenessProbe readinessProbe startupProbe lifecycle terminationMessagePath terminationMessagePolicy "
    "imagePullPolicy securityContext stdin stdinOnce tty targetContainerName",
    securityContext=_keys(
        "capabilities privileged seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot "
        "readOnlyRootFilesystem allowPrivilegeEscalation procMount seccompProfile appArmorProfile",
        capabilities=_keys("add drop"),
    ),
)

_VOLUME = _keys(  # the kinds that clusters of today use: each key more makes all volumes dearer
    "name hostPath emptyDir secret nfs persistentVolumeClaim flexVolume downwardAPI configMap projected csi ephemeral "
    "image",
    hostPath=_keys("path type"),
    flexVolume=_keys("driver fsType secretRef readOnly options"),
)

_POD = (
    "volumes initContainers containers ephemeralContainers restartPolicy terminationGracePeriodSeconds "
    "activeDeadlineSeconds dnsPolicy nodeSelector serviceAccountName serviceAccount automountServiceAccountToken "
    "nodeName hostNetwork hostPID hostIPC shareProcessNamespace securityContext imagePullSecrets hostname subdomain "
    "affinity schedulerName tolerations hostAliases priorityClassName priority dnsConfig readinessGates "
    "runtimeClassName enableServiceLinks preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os "
    "hostUsers schedulingGates resourceClaims resources"
)

_SERVICE = (
    "ports selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP loadBalancerSourceRanges "
    "externalName externalTrafficPolicy healthCheckNodePort publishNotReadyAddresses sessionAffinityConfig ipFamilies "
    "ipFamilyPolicy allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy trafficDistribution"
)

_WORKLOAD = (
    "replicas selector template strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds "
    "updateStrategy volumeClaimTemplates serviceName podManagementPolicy parallelism completions backoffLimit "
    "manualSelector ttlSecondsAfterFinished completionMode suspend schedule timeZone startingDeadlineSeconds "
    "concurrencyPolicy jobTemplate successfulJobsHistoryLimit failedJobsHistoryLimit holderIdentity "
    "leaseDurationSeconds acquireTime renewTime leaseTransitions"
)

BODY = _keys(
    "kind apiVersion metadata spec status data binaryData stringData immutable type secrets imagePullSecrets "
    "automountServiceAccountToken rules aggregationRule subjects roleRef subsets endpoints addressType ports target "
    "involvedObject reason message source firstTimestamp lastTimestamp count eventTime series action related "
    "reportingComponent reportingInstance webhooks value globalDefault description preemptionPolicy",
    metadata=_keys(
        "name generateName namespace selfLink uid resourceVersion generation creationTimestamp deletionTimestamp "
        "deletionGracePeriodSeconds labels annotations ownerReferences finalizers managedFields"
    ),
    spec=_keys(
        f"{_POD} {_SERVICE} {_WORKLOAD}",
        containers=_CONTAINER,
        initContainers=_CONTAINER,
        ephemeralContainers=_CONTAINER,
        volumes=_VOLUME,
        securityContext=_keys(
            "seLinuxOptions windowsOptions runAsUser runAsGroup runAsNonRoot supplementalGroups "
            "supplementalGroupsPolicy fsGroup sysctls fsGroupChangePolicy seccompProfile appArmorProfile"
        ),
    ),
    subjects=_keys("kind apiGroup name namespace"),
    roleRef=_keys("apiGroup kind name"),
    rules=_keys("verbs apiGroups resources resourceNames nonResourceURLs"),
)
"""The keys of the objects that are sent and answered: of pods, bindings, roles, services, configmaps and others."""
