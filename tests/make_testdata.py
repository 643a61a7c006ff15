#!/usr/bin/env python3
"""Writes testdata/: a small delivery that tells one incident, other wrappings, and broken input.

    python3 tests/make_testdata.py [OUT]

Every id, key and time is derived from the story below, so running it again writes the same bytes.
Addresses are from the documentation ranges, keys and principal ids end in EXAMPLE, and every
account is one of AWS's example accounts. testdata/README.md (kept by hand) says what is where.

The file reads from the outside in: building blocks, the story, the delivery, the shapes, the
broken files, and last the four example records of the AWS documentation.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
import shutil
import string
import struct
import sys
import uuid
import zipfile
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import quote

PROD = "111122223333"
DATA = "444455556666"
ATTACKER_ACCOUNT = "999988887777"

OFFICE_ALICE = "198.51.100.23"
OFFICE_DANA = "198.51.100.24"
BUILD_SERVER = "198.51.100.40"
ATTACKER = "203.0.113.77"
ATTACKER_V6 = "2001:db8:bad::77"

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36"
AWS_CLI = "aws-cli/2.15.22 Python/3.11.6 Darwin/23.3.0 exe/x86_64"
BOTO3 = "Boto3/1.34.51 md/Botocore#1.34.51 ua/2.0 os/linux#6.1.0 lang/python#3.11.8"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.7.4 (+https://www.terraform.io) terraform-provider-aws/5.39.0"
KALI = "aws-cli/2.15.10 Python/3.11.8 Linux/6.6.9-kali1-amd64 exe/x86_64.kali.2024 prompt/off command/"

WEB_1 = "i-0a1b2c3d4e5f60001"
WEB_2 = "i-0a1b2c3d4e5f60002"
BASTION = "i-0a1b2c3d4e5f60003"
SCALED = "i-0a1b2c3d4e5f60004"
MINER = "i-0bad0bad0bad00001"
AMI = "ami-0abcdef1234567890"
VPC = "vpc-0a1b2c3d4e5f6aaaa"
SUBNET = "subnet-0a1b2c3d4e5f6bbbb"
WEB_SG = "sg-0a1b2c3d4e5f6cccc"
DATA_SG = "sg-0d1b2c3d4e5f6dddd"
DATA_VOLUME = "vol-0d1b2c3d4e5f60001"
NIGHTLY_SNAPSHOT = "snap-0d1b2c3d4e5f60001"
STOLEN_SNAPSHOT = "snap-0d1b2c3d4e5f60bad"
VPC_ENDPOINT = "vpce-0a1b2c3d4e5f6eeee"
PROD_KMS_KEY = f"arn:aws:kms:us-east-1:{PROD}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
DATA_KMS_KEY = f"arn:aws:kms:us-east-1:{DATA}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
STOPPED_TRAIL = f"arn:aws:cloudtrail:us-east-1:{PROD}:trail/acme-trail"

# ---------------------------------------------------------------------------------------------
# Building blocks: ids, identities, records.

OMIT = object()  # as a field's value: leave the field out of the record

# The minor eventVersion in which a field came in; older records do not have it.
FIELD_SINCE = {
    "requestID": 1, "eventID": 1, "readOnly": 1, "resources": 1, "apiVersion": 1,
    "eventType": 2, "recipientAccountId": 2, "sharedEventID": 3, "vpcEndpointId": 4,
    "serviceEventDetails": 5, "managementEvent": 6, "eventCategory": 7, "addendum": 8,
    "tlsDetails": 8, "sessionCredentialFromConsole": 8, "vpcEndpointAccountId": 9,
    "eventContext": 11,
}

FIELD_ORDER = (
    "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent "
    "errorCode errorMessage requestParameters responseElements additionalEventData requestID eventID "
    "readOnly resources eventType apiVersion managementEvent recipientAccountId sharedEventID "
    "serviceEventDetails vpcEndpointId vpcEndpointAccountId addendum eventContext eventCategory "
    "tlsDetails sessionCredentialFromConsole insightDetails"
).split()

READ_ONLY_PREFIXES = ("Get", "List", "Describe", "Lookup", "Head", "Assume", "Decrypt", "Generate")

DENIED = "is not authorized to perform"


def stable_id(*parts: object) -> str:
    """A GUID that depends on nothing but its arguments."""
    digest = hashlib.sha256("\n".join(map(str, parts)).encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def iam_id(prefix: str, label: str, length: int = 21) -> str:
    """A principal id that shows whose it is, as AIDA00000ALICEEXAMPLE."""
    width = length - len(prefix) - len("EXAMPLE")
    body = re.sub(r"[^A-Z0-9]", "", label.upper())
    return prefix + body[-width:].rjust(width, "0") + "EXAMPLE"


def access_key(prefix: str, label: str) -> str:
    """An access key id that shows whose it is, as AKIADEPLOYBOTEXAMPLE."""
    return iam_id(prefix, label, length=20)


def at(when: str) -> str:
    """`01 09:12:40` is that day and time of March 2024; a full timestamp stays as it is."""
    return when if "T" in when else f"2024-03-{when.replace(' ', 'T')}Z"


def moment(time: str) -> datetime:
    return datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def epoch(time: str) -> int:
    return int(moment(time).timestamp())


def in_payload(when: str, hours: int = 0) -> str:
    """A time as payloads write it, `Mar 1, 2024, 9:57:03 PM`, some hours after `when`."""
    time = moment(at(when)) + timedelta(hours=hours)
    hour, half = (time.hour - 1) % 12 + 1, "AM" if time.hour < 12 else "PM"
    return f"{time:%b} {time.day}, {time.year}, {hour}:{time:%M:%S} {half}"


def service(name: str) -> str:
    return name if "." in name else f"{name}.amazonaws.com"


@dataclass(frozen=True)
class Actor:
    """Someone who makes calls: an identity at an address, with a user agent."""

    identity: dict
    address: str
    agent: str
    account: str  # the account whose trail records the calls
    fields: dict = field(default_factory=dict)  # stand in every record of this actor

    def calls(self, when, source, name, region="us-east-1", request=None, response=None, **fields):
        """The record of one call; see `record`."""
        return record(self, when, source, name, region, request, response, **fields)

    def using(self, agent: str) -> Actor:
        return replace(self, agent=agent)

    def from_address(self, address: str) -> Actor:
        return replace(self, address=address)


_seen_ids: Counter = Counter()


def record(actor, when, source, name, region, request, response, *, version="1.09", error=None, **fields):
    """One record. `error` is a code or (code, message); `fields` are record fields, which win."""
    time, source = at(when), service(source)
    code, message = error if isinstance(error, tuple) else (error, None)
    label = (time, actor.account, region, source, name, actor.identity.get("arn"))
    _seen_ids[label] += 1
    values = {
        "eventVersion": version,
        "userIdentity": actor.identity,
        "eventTime": time,
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": actor.address,
        "userAgent": actor.agent,
        "errorCode": code or OMIT,
        "errorMessage": message or OMIT,
        "requestParameters": request,
        "responseElements": response,
        "requestID": stable_id("request", *label, _seen_ids[label]),
        "eventID": stable_id("event", *label, _seen_ids[label]),
        "readOnly": name.startswith(READ_ONLY_PREFIXES),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": actor.account,
        "eventCategory": "Management",
        "tlsDetails": tls_details(actor.address, source, region),
        **actor.fields,
        **fields,
    }
    minor = int(values["eventVersion"].split(".")[1])
    return {
        key: values[key]
        for key in sorted(values, key=FIELD_ORDER.index)
        if values[key] is not OMIT and FIELD_SINCE.get(key, 0) <= minor
    }


def tls_details(address: str, source: str, region: str):
    """What a caller's own connection shows; services that call for someone have none."""
    if not re.match(r"[0-9a-f.:]+$", address):
        return OMIT
    host = source if source.startswith("iam.") else source.replace(".", f".{region}.", 1)
    return {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": "TLS_AES_128_GCM_SHA256",
        "clientProvidedHostHeader": host,
    }


def iam_user(account, name, key, address, agent, **fields):
    """An IAM user with a long-term access key."""
    identity = {
        "type": "IAMUser",
        "principalId": iam_id("AIDA", name),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": key,
        "userName": name,
    }
    return Actor(identity, address, agent, account, fields)


def console_user(account, name, key, created, address, mfa="true"):
    """An IAM user's session in the console."""
    user = iam_user(account, name, key, address, CHROME, sessionCredentialFromConsole="true")
    context = {
        "sessionIssuer": {},
        "webIdFederationData": {},
        "attributes": {"creationDate": at(created), "mfaAuthenticated": mfa},
    }
    return replace(user, identity={**user.identity, "sessionContext": context})


def role_session(account, role, session, key, created, address, agent, *, mfa="false", path="", invoked_by=None,
                 fields=None, **context):
    """A session of a role; `context` adds to its sessionContext."""
    role_id = iam_id("AROA", role)
    identity = {
        "type": "AssumedRole",
        "principalId": f"{role_id}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": role_id,
                "arn": f"arn:aws:iam::{account}:role/{path}{role}",
                "accountId": account,
                "userName": role,
            },
            "webIdFederationData": {},
            "attributes": {"creationDate": at(created), "mfaAuthenticated": mfa},
            **context,
        },
    }
    if invoked_by:
        identity["invokedBy"] = invoked_by
    return Actor(identity, address, agent, account, fields or {})


def aws_service(name: str, account: str) -> Actor:
    """A service that acts by itself."""
    host = service(name)
    return Actor({"type": "AWSService", "invokedBy": host}, host, host, account)


def role_arn(account: str, role: str) -> str:
    return f"arn:aws:iam::{account}:role/{role}"


def issued_session(when, account, role, session, key, hours=1):
    """The response of AssumeRole and its relatives: the key that later events use."""
    return {
        "credentials": {
            "accessKeyId": key,
            "sessionToken": "HIDDEN_DUE_TO_SECURITY_REASONS",
            "expiration": in_payload(when, hours),
        },
        "assumedRoleUser": {
            "assumedRoleId": f"{iam_id('AROA', role)}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        },
    }


def resource(kind: str, arn: str, account: str) -> dict:
    return {"accountId": account, "type": kind, "ARN": arn}


def items(*elements) -> dict:
    """EC2's way to write a list."""
    return {"items": list(elements)} if elements else {}


def s3_object(actor, when, name, bucket, key, owner, *, sent=0, received=0, region="us-east-1", error=None, **fields):
    """An S3 data event on one object; `sent` and `received` are S3's bytes."""
    return actor.calls(
        when, "s3", name, region, {"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com", "key": key},
        None,
        error=error,
        additionalEventData={
            "SignatureVersion": "SigV4",
            "CipherSuite": "TLS_AES_128_GCM_SHA256",
            "bytesTransferredIn": received,
            "AuthenticationMethod": "AuthHeader",
            "x-amz-id-2": hashlib.sha256(f"{when}{key}".encode()).hexdigest()[:24],
            "bytesTransferredOut": sent,
        },
        resources=[
            {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"},
            resource("AWS::S3::Bucket", f"arn:aws:s3:::{bucket}", owner),
        ],
        eventCategory="Data", managementEvent=False, **fields,
    )


def s3_prefix(actor, when, name, bucket, prefix, owner, **fields):
    """An S3 data event on many objects, which names them by ARNPrefix alone."""
    return actor.calls(
        when, "s3", name, "us-east-1", {"bucketName": bucket, "prefix": prefix}, None,
        additionalEventData={"SignatureVersion": "SigV4", "bytesTransferredIn": 0, "bytesTransferredOut": 2417},
        resources=[
            {"type": "AWS::S3::Object", "ARNPrefix": f"arn:aws:s3:::{bucket}/{prefix}"},
            resource("AWS::S3::Bucket", f"arn:aws:s3:::{bucket}", owner),
        ],
        eventCategory="Data", managementEvent=False, **fields,
    )


def kms_call(actor, when, name, key_arn, *, region="us-east-1", request=None, **fields):
    owner = key_arn.split(":")[4]
    request = request or {"keyId": key_arn, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    return actor.calls(
        when, "kms", name, region, request, resources=[resource("AWS::KMS::Key", key_arn, owner)], **fields
    )


def sign_in(actor, when, name="ConsoleLogin", *, success=True, mfa="No", region="us-east-1", **fields):
    """A console sign-in; a failed one has a message and no error code."""
    without = ("accessKeyId", "sessionContext") if actor.identity["type"] == "IAMUser" else ("accessKeyId",)
    identity = {k: v for k, v in actor.identity.items() if k not in without}
    return replace(actor, identity=identity, fields={}).calls(
        when, "signin", name, region, None, {name: "Success" if success else "Failure"},
        error=None if success else (None, "Failed authentication"),
        **{
            "additionalEventData": {
                "LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": mfa,
            },
            "requestID": OMIT, "eventType": "AwsConsoleSignIn", "readOnly": False, "userAgent": CHROME,
            **fields,
        },
    )


def run_instances(actor, when, region, instance_ids, instance_type, *, subnet=SUBNET, group=WEB_SG, **fields):
    """RunInstances with EC2's wrapping of request and response."""
    count = len(instance_ids)
    request = {
        "instancesSet": items({"imageId": AMI, "minCount": count, "maxCount": count, "keyName": "acme-ops"}),
        "instanceType": instance_type,
        "blockDeviceMapping": {},
        "monitoring": {"enabled": False},
        "disableApiTermination": False,
        "networkInterfaceSet": items({"deviceIndex": 0, "subnetId": subnet, "groupSet": items({"groupId": group})}),
        "iamInstanceProfile": {"name": "web-server"},
        "tagSpecificationSet": items({"resourceType": "instance", "tags": [{"key": "Name", "value": "web"}]}),
    }
    response = {
        "requestId": stable_id("run", when, region),
        "reservationId": "r-" + stable_id(when)[-12:],
        "ownerId": actor.account,
        "groupSet": {},
        "instancesSet": items(*(launched(i, instance_type, subnet, group) for i in instance_ids)),
    }
    if fields.get("error"):
        response = None
    return actor.calls(when, "ec2", "RunInstances", region, request, response, **fields)


def launched(instance_id, instance_type, subnet, group):
    suffix = instance_id[-5:]
    return {
        "instanceId": instance_id,
        "imageId": AMI,
        "instanceState": {"code": 0, "name": "pending"},
        "keyName": "acme-ops",
        "instanceType": instance_type,
        "placement": {"availabilityZone": "us-east-1a", "tenancy": "default"},
        "subnetId": subnet,
        "vpcId": VPC,
        "privateIpAddress": "10.0.1.15",
        "groupSet": items({"groupId": group, "groupName": "web"}),
        "networkInterfaceSet": items(
            {
                "networkInterfaceId": f"eni-0a1b2c3d4e5f{suffix}",
                "subnetId": subnet,
                "vpcId": VPC,
                "attachment": {"attachmentId": f"eni-attach-0a1b2c3d4e5f{suffix}", "deviceIndex": 0},
            }
        ),
        "iamInstanceProfile": {
            "arn": f"arn:aws:iam::{PROD}:instance-profile/web-server",
            "id": iam_id("AIPA", "web-server"),
        },
    }


def terminate_instances(actor, when, region, instance_id, **fields):
    response = {
        "instancesSet": items(
            {
                "instanceId": instance_id,
                "currentState": {"code": 32, "name": "shutting-down"},
                "previousState": {"code": 16, "name": "running"},
            }
        )
    }
    request = {"instancesSet": items({"instanceId": instance_id})}
    return actor.calls(when, "ec2", "TerminateInstances", region, request, response, **fields)


def authorize_ingress(actor, when, region, group, port, *, ipv4=(), ipv6=(), note=None, **fields):
    ranges = items(*({"cidrIp": c, **({"description": note} if note else {})} for c in ipv4))
    permission = {
        "ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": {},
        "ipRanges": ranges, "ipv6Ranges": items(*({"cidrIpv6": c} for c in ipv6)), "prefixListIds": {},
    }
    request = {"groupId": group, "ipPermissions": items(permission)}
    rule = {"securityGroupRuleId": f"sgr-{group[3:16]}{port:04d}", "groupId": group, "isEgress": False}
    response = {"_return": True, "securityGroupRuleSet": items(rule)}
    return actor.calls(when, "ec2", "AuthorizeSecurityGroupIngress", region, request, response, **fields)


def create_snapshot(actor, when, volume, snapshot, region="us-east-1"):
    response = {
        "snapshotId": snapshot, "volumeId": volume, "status": "pending", "startTime": epoch(at(when)) * 1000,
        "ownerId": actor.account, "volumeSize": "100", "encrypted": True,
    }
    return actor.calls(when, "ec2", "CreateSnapshot", region, {"volumeId": volume}, response)


def share_snapshot(actor, when, snapshot, change, account):
    request = {
        "snapshotId": snapshot,
        "createVolumePermission": {change: items({"userId": account})},
        "attributeType": "CREATE_VOLUME_PERMISSION",
    }
    return actor.calls(when, "ec2", "ModifySnapshotAttribute", "us-east-1", request, {"_return": True})


def create_access_key(actor, when, user, key):
    created = {"userName": user, "accessKeyId": key, "status": "Active", "createDate": in_payload(when)}
    return actor.calls(
        when, "iam", "CreateAccessKey", request={"userName": user}, response={"accessKey": created}
    )


# ---------------------------------------------------------------------------------------------
# Who takes part.

ALICE = iam_user(PROD, "alice", access_key("AKIA", "alice"), OFFICE_ALICE, AWS_CLI)
ALICE_CONSOLE = console_user(PROD, "alice", access_key("ASIA", "alice1"), "01 08:58:03", OFFICE_ALICE)
ALICE_HOME = console_user(PROD, "alice", access_key("ASIA", "alice2"), "02 07:52:30", "2001:db8:5::23")
CARLOS = iam_user(DATA, "carlos", access_key("AKIA", "carlos"), "198.51.100.25", TERRAFORM)
ROOT = Actor(
    {"type": "Root", "principalId": PROD, "arn": f"arn:aws:iam::{PROD}:root", "accountId": PROD, "accessKeyId": ""},
    "198.51.100.20", CHROME, PROD,
)
DEPLOY_BOT = iam_user(PROD, "deploy-bot", access_key("AKIA", "deploybot"), BUILD_SERVER, BOTO3)

# The same key in other hands, and what grew from it.
LEAKED = replace(DEPLOY_BOT, address=ATTACKER, agent=KALI + "sts.get-caller-identity")
SVC_BACKUP = iam_user(PROD, "svc-backup", access_key("AKIA", "svcbackup"), ATTACKER, KALI + "iam.list-roles")
SVC_BACKUP_CONSOLE = console_user(
    PROD, "svc-backup", access_key("ASIA", "svcbckup1"), "01 23:20:41", ATTACKER_V6, mfa="false"
)
OPS_ADMIN = role_session(
    PROD, "ops-admin", "maintenance", access_key("ASIA", "opsadmin1"), "01 23:04:18", ATTACKER, KALI + "ec2"
)
ORG_ACCESS = role_session(
    DATA, "org-access", "maintenance-2", access_key("ASIA", "orgaccess"), "01 23:09:52", ATTACKER,
    KALI + "s3.sync"
)

DANA = role_session(
    PROD, "AWSReservedSSO_SecurityAudit_0123456789abcdef", "dana", access_key("ASIA", "dana1"), "01 10:01:12",
    OFFICE_DANA, CHROME, path="aws-reserved/sso.amazonaws.com/",
    fields={"sessionCredentialFromConsole": "true"},
)
DANA_IN_DATA = role_session(
    DATA, "security-audit", "dana", access_key("ASIA", "dana2"), "02 08:41:07", OFFICE_DANA,
    AWS_CLI, mfa="true", sourceIdentity="dana@example.com",
)
BACKUP = role_session(
    DATA, "nightly-backup", "nightly", access_key("ASIA", "nightly"), "01 02:00:02", "10.1.0.30", BOTO3,
    fields={"vpcEndpointId": VPC_ENDPOINT, "vpcEndpointAccountId": DATA},
)
AUTO_SCALING = role_session(
    PROD, "AWSServiceRoleForAutoScaling", "AutoScaling", "", "01 18:00:07", "autoscaling.amazonaws.com",
    "autoscaling.amazonaws.com", path="aws-service-role/autoscaling.amazonaws.com/",
    invoked_by="autoscaling.amazonaws.com",
)


def web_server(instance_id: str, hour: str) -> Actor:
    """An instance with its role; EC2 hands it a new key twice a day."""
    number = instance_id[-1]
    address = f"10.0.1.{14 + int(number)}"
    return role_session(
        PROD, "web-server", instance_id,
        access_key("ASIA", f"web{number}{hour[:2]}{'am' if hour[3:] < '12' else 'pm'}"),
        f"{hour[:3]}{'00' if hour[3:] < '12' else '12'}:00:11", address,
        "aws-sdk-go-v2/1.25.2 os/linux lang/go#1.22.0",
        ec2RoleDelivery="2.0", fields={"vpcEndpointId": VPC_ENDPOINT},
    )


def ci_build(number: int, created: str) -> Actor:
    """A build of the pipeline, which comes in by web identity."""
    provider = f"arn:aws:iam::{PROD}:oidc-provider/token.actions.githubusercontent.com"
    return role_session(
        PROD, "ci-deploy", f"build-{number}", access_key("ASIA", f"build{number}"), created,
        f"192.0.2.{number % 4 + 10}",
        TERRAFORM, webIdFederationData={"federatedProvider": provider, "attributes": {}},
    )


# ---------------------------------------------------------------------------------------------
# The story, part one: two ordinary days.


def builds():
    """The CI role: eight builds, each assumes the role, pushes an image and updates the service."""
    subject = "repo:acme/shop:ref:refs/heads/main"
    provider = f"arn:aws:iam::{PROD}:oidc-provider/token.actions.githubusercontent.com"
    starts = ("01 07:12", "01 09:40", "01 11:25", "01 14:10", "01 16:45", "01 19:20", "02 10:05", "02 13:30")
    for index, start in enumerate(starts):
        number, revision = 1841 + index, 207 + index
        region = "us-east-1" if index % 2 == 0 else "us-west-2"
        build = ci_build(number, f"{start}:04")
        runner = Actor(
            {
                "type": "WebIdentityUser",
                "principalId": f"{provider}:sts.amazonaws.com:{subject}",
                "userName": subject,
                "identityProvider": provider,
            },
            build.address, TERRAFORM, PROD,
        )
        yield runner.calls(
            f"{start}:04", "sts", "AssumeRoleWithWebIdentity",
            request={"roleArn": role_arn(PROD, "ci-deploy"), "roleSessionName": f"build-{number}"},
            response=issued_session(f"{start}:04", PROD, "ci-deploy", f"build-{number}", build.identity["accessKeyId"]),
            resources=[resource("AWS::IAM::Role", role_arn(PROD, "ci-deploy"), PROD)],
        )
        yield build.calls(f"{start}:09", "ecr", "GetAuthorizationToken", region, version="1.08")
        yield build.calls(
            f"{start}:31", "ecr", "PutImage", region,
            {"repositoryName": "shop/web", "imageTag": f"build-{number}"},
            {"image": {"repositoryName": "shop/web", "registryId": PROD, "imageId": {"imageTag": f"build-{number}"}}},
            resources=[{"ARN": f"arn:aws:ecr:{region}:{PROD}:repository/shop/web", "accountId": PROD}],
        )
        yield s3_object(
            build, f"{start}:35", "PutObject", "acme-artifacts", f"shop/build-{number}.tar.gz", PROD,
            received=4_200_000 + number, region=region,
        )
        definition = f"arn:aws:ecs:{region}:{PROD}:task-definition/web:{revision}"
        image = f"{PROD}.dkr.ecr.{region}.amazonaws.com/shop/web:build-{number}"
        yield build.calls(
            f"{start}:42", "ecs", "RegisterTaskDefinition", region,
            {"family": "web", "networkMode": "awsvpc", "containerDefinitions": [{"name": "web", "image": image}]},
            {"taskDefinition": {"taskDefinitionArn": definition, "family": "web", "revision": revision}},
        )
        service_arn = f"arn:aws:ecs:{region}:{PROD}:service/shop/web"
        yield build.calls(
            f"{start}:48", "ecs", "UpdateService", region,
            {"cluster": "shop", "service": "web", "taskDefinition": f"web:{revision}"},
            {"service": {"serviceArn": service_arn, "serviceName": "web", "taskDefinition": definition}},
        )
        throttled = ("ThrottlingException", "Rate exceeded") if number == 1844 else None
        yield build.calls(
            f"{start}:55", "ecs", "DescribeServices", region, {"cluster": "shop", "services": ["web"]},
            error=throttled
        )


def instances():
    """Two web servers: their agent, their configuration, and EC2 that gives them their role."""
    ticks = [f"{day} {hour:02d}" for day in ("01", "02") for hour in range(0, 24, 3)]
    for index, tick in enumerate(ticks):
        for number, instance_id in enumerate((WEB_1, WEB_2)):
            server = web_server(instance_id, tick)
            minute = 7 + 20 * number
            yield server.calls(
                f"{tick}:{minute:02d}:12", "ssm", "UpdateInstanceInformation",
                request={"instanceId": instance_id},
                resources=[{"accountId": PROD, "ARN": f"arn:aws:ec2:us-east-1:{PROD}:instance/{instance_id}"}],
                version="1.08",
            )
            if index % 4 == 0:
                yield replace(aws_service("ec2", PROD), agent="ec2.amazonaws.com").calls(
                    f"{tick}:00:11", "sts", "AssumeRole",
                    request={"roleArn": role_arn(PROD, "web-server"), "roleSessionName": instance_id},
                    response=issued_session(
                        f"{tick}:00:11", PROD, "web-server", instance_id, server.identity["accessKeyId"],
                        hours=6
                    ),
                    resources=[resource("AWS::IAM::Role", role_arn(PROD, "web-server"), PROD)],
                    sharedEventID=stable_id("ec2 role delivery", tick, instance_id), version="1.08",
                )
            if index % 2 == 0:
                yield s3_object(
                    server, f"{tick}:{minute + 1:02d}:02", "GetObject", "acme-config", "web/settings.json",
                    PROD, sent=1839
                )
            else:
                yield kms_call(server, f"{tick}:{minute + 1:02d}:30", "Decrypt", PROD_KMS_KEY, version="1.08")


def log_delivery():
    """CloudTrail looks at its bucket before it writes."""
    trail = aws_service("cloudtrail", PROD)
    for when in ("01 05:44:10", "01 13:44:09", "01 21:44:12", "02 05:44:08", "02 13:44:11"):
        yield trail.calls(
            when, "s3", "GetBucketAcl",
            request={"bucketName": "acme-logs", "Host": "acme-logs.s3.amazonaws.com", "acl": ""},
            resources=[resource("AWS::S3::Bucket", "arn:aws:s3:::acme-logs", PROD)],
            sharedEventID=stable_id("log delivery", when),
        )


def backups():
    """The nightly backup of the data account."""
    for day in ("01", "02"):
        yield s3_prefix(
            BACKUP, f"{day} 02:00:05", "ListObjects", "acme-customer-data", "exports/", DATA, version="1.10"
        )
        for number, table in enumerate(("customers", "orders", "invoices")):
            yield kms_call(
                BACKUP, f"{day} 02:01:{10 + number:02d}", "GenerateDataKey", DATA_KMS_KEY, version="1.10",
                request={"keyId": DATA_KMS_KEY, "keySpec": "AES_256"},
            )
            yield s3_object(
                BACKUP, f"{day} 02:02:{10 + number:02d}", "PutObject", "acme-backups",
                f"2024-03-{day}/{table}.parquet", DATA,
                received=18_000_000 + number, version="1.10",
            )
        yield s3_prefix(
            BACKUP, f"{day} 02:10:00", "DeleteObjects", "acme-backups", "2024-02-", DATA, readOnly=False
        )
        yield create_snapshot(BACKUP, f"{day} 02:12:00", DATA_VOLUME, f"{NIGHTLY_SNAPSHOT[:-1]}{int(day)}")


def deploy_bot_work():
    """What the leaked key is for: nightly uploads from the build server."""
    for when in ("01 01:15", "01 21:15"):
        yield DEPLOY_BOT.calls(f"{when}:02", "sts", "GetCallerIdentity")
        yield DEPLOY_BOT.calls(f"{when}:04", "ecr", "GetAuthorizationToken")
        yield s3_object(
            DEPLOY_BOT, f"{when}:20", "PutObject", "acme-artifacts", "tools/agent.tar.gz", PROD, received=88_410
        )


def alice_day():
    """Alice builds a cluster, a scaling group and a name space, and signs in with MFA."""
    yield sign_in(ALICE_CONSOLE, "01 08:57:31", success=False, mfa="No")
    yield sign_in(
        ALICE_CONSOLE, "01 08:57:58", "CheckMfa", additionalEventData={"MfaType": "Virtual MFA"}, version="1.08"
    )
    yield sign_in(ALICE_CONSOLE, "01 08:58:03", mfa="Yes", version="1.08")
    for when, region in (("01 09:00:12", "us-east-1"), ("01 09:01:40", "us-west-2"), ("01 15:20:51", "eu-west-1")):
        yield ALICE_CONSOLE.calls(
            when, "ec2", "DescribeInstances", region, {"maxResults": 100, "filterSet": {}}
        )
        yield ALICE_CONSOLE.calls(
            when, "ec2", "DescribeSecurityGroups", region, {"securityGroupSet": {}, "filterSet": {}},
            version="1.08"
        )
    for name, region in (("shop", "us-east-1"), ("default", "us-east-1"), ("default", "us-west-2")):
        arn = f"arn:aws:ecs:{region}:{PROD}:cluster/{name}"
        cluster = {"clusterArn": arn, "clusterName": name, "status": "ACTIVE"}
        yield ALICE_CONSOLE.calls(
            "01 09:05:20", "ecs", "CreateCluster", region, {"clusterName": name}, {"cluster": cluster}
        )
    yield ALICE.calls(
        "01 09:20:00", "ecs", "RunTask",
        request={"cluster": "shop", "taskDefinition": "migrate:12", "count": 1},
        response={
            "tasks": [{
                "taskArn": f"arn:aws:ecs:us-east-1:{PROD}:task/shop/0123456789abcdef0123456789abcdef",
                "clusterArn": f"arn:aws:ecs:us-east-1:{PROD}:cluster/shop", "lastStatus": "PROVISIONING",
            }],
            "failures": [],
        },
    )
    for repository in ("shop/web", "shop/migrate"):
        arn = f"arn:aws:ecr:us-east-1:{PROD}:repository/{repository}"
        yield ALICE.calls(
            "01 09:25:10", "ecr", "CreateRepository", request={"repositoryName": repository},
            response={"repository": {"repositoryArn": arn, "registryId": PROD, "repositoryName": repository}},
        )
    pull = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DATA}:root"}, "Action": "ecr:BatchGetImage"}]}
    yield ALICE.calls(
        "01 09:26:02", "ecr", "SetRepositoryPolicy",
        request={"repositoryName": "shop/web", "force": False, "policyText": json.dumps(pull)},
        response={"registryId": PROD, "repositoryName": "shop/web"},
    )
    yield run_instances(ALICE, "01 09:40:03", "us-east-1", [BASTION], "t3.micro")
    yield authorize_ingress(
        ALICE_CONSOLE, "01 09:44:18", "us-east-1", WEB_SG, 443, ipv4=("198.51.100.0/24",), note="Büro Zürich"
    )
    yield from scaling_group()
    yield from name_space()
    yield from access_management()
    yield ALICE.calls(
        "01 13:02:44", "s3", "PutBucketPolicy", request={
            "bucketName": "acme-artifacts", "Host": "acme-artifacts.s3.amazonaws.com", "policy": "",
            "bucketPolicy": {"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{DATA}:root"},
                "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-artifacts/*"}]},
        },
        resources=[resource("AWS::S3::Bucket", "arn:aws:s3:::acme-artifacts", PROD)],
    )
    yield ALICE.using("[S3Console/0.4, aws-internal/3]").calls(
        "01 13:05:00", "s3", "GetBucketLocation", request={"bucketName": "acme-artifact", "location": ""},
        error=("NoSuchBucket", "The specified bucket does not exist"),
    )
    yield terminate_instances(ALICE, "01 16:31:20", "us-east-1", BASTION)
    yield ALICE.using("=cmd()").calls("01 16:32:00", "ec2", "DescribeVolumes", request={"volumeSet": {}, "filterSet": {}})
    yield ALICE.using("probe/1.0 \x1b[31mred\x1b[0m\u009b2J").calls(
        "01 16:33:00", "ec2", "DescribeRegions", request={"regionSet": {}, "note": "line one\nline two\ttabbed"}
    )


def scaling_group():
    """EC2 Auto Scaling: a launch configuration, a group, and instances that come and go."""
    yield ALICE.calls(
        "01 10:02:10", "autoscaling", "CreateLaunchConfiguration", "us-west-2",
        {"launchConfigurationName": "web-2024-03", "imageId": AMI, "instanceType": "t3.small", "securityGroups": [WEB_SG]},
    )
    yield ALICE.calls(
        "01 10:03:44", "autoscaling", "CreateAutoScalingGroup", "us-west-2",
        {"autoScalingGroupName": "web", "launchConfigurationName": "web-2024-03", "minSize": 1, "maxSize": 4,
         "vPCZoneIdentifier": SUBNET},
    )
    for when, wanted in (("01 17:59:50", 2), ("02 06:00:02", 1)):
        yield ALICE.calls(
            when, "autoscaling", "SetDesiredCapacity", "us-west-2",
            {"autoScalingGroupName": "web", "desiredCapacity": wanted}
        )
    yield run_instances(AUTO_SCALING, "01 18:00:09", "us-west-2", [SCALED], "t3.small", version="1.08")
    yield terminate_instances(AUTO_SCALING, "02 06:00:31", "us-west-2", SCALED, version="1.08")


def name_space():
    """AWS Cloud Map: a name space, a service and an instance of it."""
    yield ALICE.calls(
        "01 10:20:00", "servicediscovery", "CreatePublicDnsNamespace", "us-west-2",
        {"name": "shop.example.com", "creatorRequestId": "2024-03-01-1"},
        {"operationId": "gv4g5meo7ndmeh4fqskygvk23d2fijwa-k9302yzd"},
    )
    found = {"id": "srv-e4anhexample0004", "name": "web", "namespaceId": "ns-e1tpmexample0001"}
    found["arn"] = f"arn:aws:servicediscovery:us-west-2:{PROD}:service/{found['id']}"
    yield ALICE.calls(
        "01 10:22:13", "servicediscovery", "CreateService", "us-west-2",
        {"name": "web", "namespaceId": "ns-e1tpmexample0001", "dnsConfig": {"dnsRecords": [{"type": "A", "tTL": 60}]}},
        {"service": found},
    )
    yield ALICE.calls(
        "01 10:23:40", "servicediscovery", "RegisterInstance", "us-west-2",
        {"serviceId": found["id"], "instanceId": WEB_1, "attributes": {"AWS_INSTANCE_IPV4": "10.0.1.15"}},
        {"operationId": "meqy7swvkz6zm4xkhnqfsbwrbnkt4bkz-k9302yzd"},
    )


def access_management():
    """IAM and STS as Alice uses them: a role with a policy text, a session with a source identity."""
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    created = {
        "roleName": "report-writer", "path": "/", "roleId": iam_id("AROA", "report-writer"),
        "arn": role_arn(PROD, "report-writer"), "createDate": in_payload("01 11:00:05"),
        "assumeRolePolicyDocument": quote(json.dumps(trust)),
    }
    yield ALICE.calls(
        "01 11:00:05", "iam", "CreateRole", request={
            "roleName": "report-writer", "path": "/", "description": 'Writes the "daily" report',
            "assumeRolePolicyDocument": json.dumps(trust, indent=2),
        },
        response={"role": created},
    )
    yield ALICE.calls(
        "01 11:00:41", "iam", "AttachRolePolicy",
        request={"roleName": "report-writer", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
    )
    yield ALICE.calls(
        "01 11:02:19", "iam", "GetRole", request={"roleName": "report-writr"},
        error=("NoSuchEntityException", "The role with name report-writr cannot be found."),
    )
    session = role_session(
        PROD, "report-writer", "alice-report", access_key("ASIA", "areport"), "01 11:10:00", OFFICE_ALICE,
        BOTO3,
        mfa="true", sourceIdentity="alice",
    )
    yield ALICE.calls(
        "01 11:10:00", "sts", "AssumeRole", request={
            "roleArn": role_arn(PROD, "report-writer"), "roleSessionName": "alice-report",
            "sourceIdentity": "alice"},
        response={
            **issued_session("01 11:10:00", PROD, "report-writer", "alice-report", session.identity["accessKeyId"]),
            "sourceIdentity": "alice",
        },
        resources=[resource("AWS::IAM::Role", role_arn(PROD, "report-writer"), PROD)], version="1.08",
    )
    yield s3_object(
        session, "01 11:11:30", "PutObject", "acme-reports", "daily/2024-03-01.csv", PROD, received=20_480
    )
    yield ALICE.calls(
        "01 12:15:00", "sts", "GetFederationToken", request={"name": "contractor", "durationSeconds": 3600},
        response={
            "credentials": {"accessKeyId": access_key("ASIA", "contract1"), "expiration": in_payload("01 12:15:00", 1)},
            "federatedUser": {"federatedUserId": f"{PROD}:contractor",
                              "arn": f"arn:aws:sts::{PROD}:federated-user/contractor"},
        },
    )


def carlos_day():
    """Carlos keeps the data account: a bucket, a key, a volume."""
    bucket = "acme-customer-data"
    yield CARLOS.calls(
        "01 08:10:00", "s3", "CreateBucket", "eu-west-1",
        {"bucketName": "acme-exports-eu", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
        additionalEventData={"SignatureVersion": "SigV4", "bytesTransferredIn": 186, "bytesTransferredOut": 0},
    )
    for name in ("PutBucketEncryption", "PutBucketVersioning", "PutBucketPublicAccessBlock"):
        yield CARLOS.calls(
            "01 08:11:15", "s3", name, request={"bucketName": bucket, "Host": f"{bucket}.s3.amazonaws.com"},
            resources=[resource("AWS::S3::Bucket", f"arn:aws:s3:::{bucket}", DATA)], version="1.10",
        )
    key_id = DATA_KMS_KEY.rsplit("/", 1)[1]
    yield kms_call(
        CARLOS, "01 08:15:00", "CreateKey", DATA_KMS_KEY,
        request={"keyUsage": "ENCRYPT_DECRYPT", "multiRegion": False},
        response={"keyMetadata": {"keyId": key_id, "arn": DATA_KMS_KEY, "enabled": True}},
    )
    yield kms_call(
        CARLOS, "01 08:15:20", "CreateAlias", DATA_KMS_KEY,
        request={"aliasName": "alias/customer-data", "targetKeyId": key_id}
    )
    yield CARLOS.calls(
        "01 08:20:00", "ec2", "CreateVolume", request={"size": "100", "zone": "us-east-1a", "encrypted": True},
        response={"volumeId": DATA_VOLUME, "size": "100", "status": "creating"},
    )
    yield CARLOS.calls(
        "01 08:21:00", "ec2", "DescribeVolumes", request={"volumeSet": items({"volumeId": DATA_VOLUME})}
    )
    for hour in (9, 12, 15):
        yield kms_call(CARLOS, f"01 {hour:02d}:30:00", "Encrypt", DATA_KMS_KEY, readOnly=True, version="1.10")
        yield CARLOS.calls(
            f"01 {hour:02d}:31:00", "s3", "ListBuckets", "eu-west-1", {"Host": "s3.eu-west-1.amazonaws.com"}
        )
    yield CARLOS.calls(
        "01 15:45:00", "dynamodb", "CreateTable", "eu-west-1",
        {"tableName": "exports", "billingMode": "PAY_PER_REQUEST"},
        {"tableDescription": {"tableName": "exports", "tableArn": f"arn:aws:dynamodb:eu-west-1:{DATA}:table/exports"}},
    )


def audit():
    """Dana signs in through single sign-on, and reviews both accounts."""
    unknown = Actor(
        {"type": "Unknown", "principalId": PROD, "accountId": PROD, "userName": "dana@example.com"},
        OFFICE_DANA, CHROME, PROD
    )
    store = "arn:aws:identitystore::111122223333:identitystore/d-9067example"
    identity_center = replace(unknown, identity={
        "type": "IdentityCenterUser", "accountId": PROD,
        "onBehalfOf": {"userId": "544894e8-80c1-707f-60e3-3ba6510dfac1", "identityStoreArn": store},
        "credentialId": "VIaCz4example",
    })
    saml = replace(unknown, identity={
        "type": "SAMLUser", "principalId": "qvVxKh4exampleQualifier=:dana@example.com",
        "userName": "dana@example.com",
        "identityProvider": "qvVxKh4exampleQualifier=",
    })
    yield identity_center.calls(
        "01 10:00:40", "signin", "CredentialChallenge", response=None, eventType="AwsServiceEvent",
        readOnly=False,
        additionalEventData={"CredentialType": "PASSWORD"}, requestID=OMIT,
        serviceEventDetails={"CredentialChallenge": "Success"},
    )
    yield unknown.calls(
        "01 10:01:02", "sso", "Federate", eventType="AwsServiceEvent", requestID=OMIT, version="1.08",
        serviceEventDetails={"role_name": "SecurityAudit", "account_id": PROD},
    )
    role = "AWSReservedSSO_SecurityAudit_0123456789abcdef"
    yield saml.calls(
        "01 10:01:12", "sts", "AssumeRoleWithSAML", request={
            "roleArn": role_arn(PROD, f"aws-reserved/sso.amazonaws.com/{role}"), "durationSeconds": 3600,
            "principalArn": f"arn:aws:iam::{PROD}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"},
        response=issued_session("01 10:01:12", PROD, role, "dana", DANA.identity["accessKeyId"]),
        version="1.08",
    )
    yield sign_in(DANA, "01 10:01:20", mfa="No", version="1.08")
    for when, region in (("01 10:05", "us-east-1"), ("01 10:06", "us-west-2"), ("01 10:07", "eu-west-1")):
        for second, (source, name) in enumerate((
            ("cloudtrail", "DescribeTrails"), ("ec2", "DescribeSecurityGroups"), ("ec2", "DescribeSnapshots"),
        )):
            yield DANA.calls(f"{when}:{10 + second}", source, name, region)
    for second, name in enumerate(("ListUsers", "GetAccountSummary", "GetAccountPasswordPolicy", "GetCredentialReport")):
        yield DANA.calls(f"01 10:10:{10 + second}", "iam", name, version="1.10")
    for second, user in enumerate(("alice", "deploy-bot")):
        yield DANA.calls(
            f"01 10:11:{10 + second}", "iam", "ListAccessKeys", request={"userName": user}, version="1.10"
        )
    yield DANA.calls(
        "01 10:12:00", "secretsmanager", "GetSecretValue", request={"secretId": "prod/shop/db"},
        error=("AccessDeniedException", f"User: {DANA.identity['arn']} {DENIED}: secretsmanager:GetSecretValue"),
    )


# ---------------------------------------------------------------------------------------------
# The story, part two: the leaked key.


def incident():
    """From guesses at the sign-in page to the key that is to be deleted, in little more than an hour."""
    yield from reconnaissance()
    yield from persistence()
    yield from lateral_movement()
    yield from theft()
    yield from damage()
    yield from attacker_console()


def reconnaissance():
    """Who am I, and what may I do? Mostly nothing."""
    arn = LEAKED.identity["arn"]
    yield LEAKED.calls("01 22:47:09", "sts", "GetCallerIdentity")
    denied = (
        ("22:47:41", "s3", "ListBuckets", "us-east-1", "AccessDenied"),
        ("22:48:02", "iam", "GetAccountAuthorizationDetails", "us-east-1", "AccessDenied"),
        ("22:48:30", "secretsmanager", "ListSecrets", "us-east-1", "AccessDeniedException"),
        ("22:48:52", "lambda", "ListFunctions20150331", "us-east-1", "AccessDeniedException"),
        ("22:49:10", "ssm", "DescribeParameters", "us-east-1", "AccessDeniedException"),
        ("22:49:31", "cloudtrail", "DescribeTrails", "us-east-1", "AccessDeniedException"),
        ("22:49:58", "apigateway", "GetRestApis", "us-east-1", "ForbiddenException"),
        ("22:50:11", "ec2", "DescribeInstances", "us-east-1", "Client.UnauthorizedOperation"),
        ("22:50:14", "ec2", "DescribeInstances", "us-west-2", "Client.UnauthorizedOperation"),
        ("22:50:17", "ec2", "DescribeInstances", "eu-west-1", "Client.UnauthorizedOperation"),
        ("22:50:40", "ec2", "DescribeSnapshots", "us-east-1", "Client.UnauthorizedOperation"),
        ("22:50:43", "ec2", "DescribeSnapshots", "us-west-2", "Client.UnauthorizedOperation"),
        ("22:50:46", "ec2", "DescribeSnapshots", "eu-west-1", "Client.UnauthorizedOperation"),
        ("22:51:05", "ec2", "DescribeImages", "us-east-1", "Client.AuthFailure"),
        ("22:51:20", "ec2", "GetLaunchTemplateData", "us-east-1", "UnauthorizedOperation"),
    )
    for time, source, name, region, code in denied:
        yield LEAKED.using(KALI + source).calls(
            f"01 {time}", source, name, region, error=(code, f"User: {arn} {DENIED}: {source}:{name}")
        )
    for time, name in (("22:53:02", "ListUsers"), ("22:53:20", "ListRoles"), ("22:53:41", "ListPolicies")):
        yield LEAKED.using(KALI + "iam").calls(f"01 {time}", "iam", name)
    yield LEAKED.using(KALI + "iam.list-attached-user-policies").calls(
        "01 22:54:10", "iam", "ListAttachedUserPolicies", request={"userName": "deploy-bot"}
    )


def persistence():
    """A user of its own, with a key, a password and every right."""
    bot = LEAKED.using(KALI + "iam")
    user = {
        "path": "/", "userName": "svc-backup", "userId": iam_id("AIDA", "svc-backup"),
        "arn": f"arn:aws:iam::{PROD}:user/svc-backup", "createDate": in_payload("01 22:58:14"),
    }
    yield bot.calls(
        "01 22:58:14", "iam", "CreateUser", request={"userName": "svc-backup"}, response={"user": user}
    )
    yield create_access_key(bot, "01 22:58:40", "svc-backup", SVC_BACKUP.identity["accessKeyId"])
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    yield bot.calls(
        "01 22:59:02", "iam", "PutUserPolicy",
        request={"userName": "svc-backup", "policyName": "backup", "policyDocument": json.dumps(everything)},
    )
    yield bot.calls(
        "01 22:59:30", "iam", "AttachUserPolicy",
        request={"userName": "svc-backup", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
    )
    yield SVC_BACKUP.calls("01 23:01:12", "sts", "GetCallerIdentity")
    yield SVC_BACKUP.calls(
        "01 23:02:20", "iam", "CreateLoginProfile",
        request={"userName": "svc-backup", "passwordResetRequired": False},
        response={"loginProfile": {"userName": "svc-backup", "createDate": in_payload("01 23:02:20")}},
    )
    yield SVC_BACKUP.calls("01 23:03:00", "iam", "ListRoles", request={"maxItems": 1000})


def lateral_movement():
    """svc-backup → ops-admin → org-access in the data account, which records its own copy."""
    yield SVC_BACKUP.using(KALI + "sts.assume-role").calls(
        "01 23:04:18", "sts", "AssumeRole",
        request={"roleArn": role_arn(PROD, "ops-admin"), "roleSessionName": "maintenance"},
        response=issued_session("01 23:04:18", PROD, "ops-admin", "maintenance", OPS_ADMIN.identity["accessKeyId"]),
        resources=[resource("AWS::IAM::Role", role_arn(PROD, "ops-admin"), PROD)],
    )
    yield OPS_ADMIN.calls("01 23:05:02", "organizations", "ListAccounts")
    for when, account in (("01 23:08:31", "222233334444"), ("01 23:08:58", "333344445555")):
        yield OPS_ADMIN.calls(
            when, "sts", "AssumeRole", error=("AccessDenied", f"User: {OPS_ADMIN.identity['arn']} {DENIED}: "
            f"sts:AssumeRole on resource: {role_arn(account, 'org-access')}"),
        )
    hop = {
        "request": {"roleArn": role_arn(DATA, "org-access"), "roleSessionName": "maintenance-2"},
        "response": issued_session("01 23:09:52", DATA, "org-access", "maintenance-2", ORG_ACCESS.identity["accessKeyId"]),
        "resources": [resource("AWS::IAM::Role", role_arn(DATA, "org-access"), DATA)],
        "sharedEventID": stable_id("hop to the data account"),
        "requestID": stable_id("hop to the data account", "request"),
    }
    stranger = {"type": "AWSAccount", "principalId": OPS_ADMIN.identity["principalId"], "accountId": PROD}
    yield OPS_ADMIN.calls("01 23:09:52", "sts", "AssumeRole", **hop)
    yield replace(OPS_ADMIN, identity=stranger, account=DATA).calls("01 23:09:52", "sts", "AssumeRole", **hop)


def theft():
    """The data account's customers leave through S3 and a shared snapshot."""
    yield ORG_ACCESS.calls("01 23:11:03", "sts", "GetCallerIdentity", "eu-west-1")
    yield ORG_ACCESS.calls("01 23:11:20", "s3", "ListBuckets", request={"Host": "s3.amazonaws.com"})
    yield s3_prefix(ORG_ACCESS, "01 23:12:01", "ListObjects", "acme-customer-data", "exports/", DATA)
    for number in range(14):
        key = f"exports/customers-{number:03d}.csv"
        yield s3_object(
            ORG_ACCESS, f"01 23:{13 + number // 3}:{number % 3 * 19 + 5:02d}", "GetObject",
            "acme-customer-data", key, DATA,
            sent=52_428_800 + 1024 * number,
        )
        if number % 5 == 0:
            yield kms_call(ORG_ACCESS, f"01 23:{13 + number // 3}:59", "Decrypt", DATA_KMS_KEY)
    yield s3_object(
        ORG_ACCESS, "01 23:18:40", "GetObject", "acme-backups", "2024-03-01/customers.parquet", DATA,
        error=("AccessDenied", "Access Denied"),
    )
    yield create_snapshot(ORG_ACCESS, "01 23:22:10", DATA_VOLUME, STOLEN_SNAPSHOT)
    yield share_snapshot(ORG_ACCESS, "01 23:24:55", STOLEN_SNAPSHOT, "add", ATTACKER_ACCOUNT)


def damage():
    """Logging off, doors open, a miner, and the key that encrypts the customers' data."""
    yield OPS_ADMIN.calls("01 23:30:02", "cloudtrail", "DescribeTrails", request={"trailNameList": []})
    yield OPS_ADMIN.calls("01 23:30:40", "cloudtrail", "StopLogging", request={"name": STOPPED_TRAIL})
    yield OPS_ADMIN.calls(
        "01 23:31:15", "cloudtrail", "DeleteTrail", request={"name": "acme-trail"},
        error=("InsufficientDependencyServiceAccessPermissionException", "Access is denied by the organization"),
    )
    yield OPS_ADMIN.calls("01 23:32:00", "guardduty", "ListDetectors")
    yield OPS_ADMIN.calls(
        "01 23:32:20", "guardduty", "DeleteDetector", request={"detectorId": "12abc34d567e8fa901bc2d34example"}
    )
    yield authorize_ingress(
        OPS_ADMIN, "01 23:35:08", "us-east-1", WEB_SG, 22, ipv4=("0.0.0.0/0",), ipv6=("::/0",)
    )
    yield OPS_ADMIN.calls(
        "01 23:36:44", "ec2", "AuthorizeSecurityGroupIngress", "us-west-2",
        {"groupId": WEB_SG, "ipProtocol": "tcp", "fromPort": 3389, "toPort": 3389, "cidrIp": "0.0.0.0/0"},
        {"_return": True},
    )
    rule = {"SecurityGroupRuleId": "sgr-0a1b2c3d4e5f60443", "SecurityGroupRule": {
        "CidrIpv4": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}, "tag": 1}
    yield ORG_ACCESS.calls(
        "01 23:38:12", "ec2", "ModifySecurityGroupRules", "us-east-1",
        {"ModifySecurityGroupRulesRequest": {"GroupId": DATA_SG, "SecurityGroupRule": rule}},
        {"ModifySecurityGroupRulesResponse": {"return": True}},
    )
    limit = ("Client.VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of 32 allows")
    for when in ("01 23:41:10", "01 23:41:44"):
        yield run_instances(OPS_ADMIN, when, "eu-west-1", [MINER], "p3.16xlarge", error=limit)
    yield run_instances(OPS_ADMIN, "01 23:43:02", "eu-west-1", [MINER], "g4dn.xlarge")
    yield ORG_ACCESS.calls("01 23:50:00", "kms", "ListKeys")
    yield kms_call(
        ORG_ACCESS, "01 23:51:37", "ScheduleKeyDeletion", DATA_KMS_KEY,
        request={"keyId": DATA_KMS_KEY, "pendingWindowInDays": 7},
        response={"keyId": DATA_KMS_KEY, "keyState": "PendingDeletion", "pendingWindowInDays": 7,
                  "deletionDate": in_payload("01 23:51:37", 7 * 24)},
    )
    yield s3_object(
        ORG_ACCESS, "01 23:55:00", "PutObject", "acme-customer-data", "README-RECOVER.txt", DATA, received=612,
        readOnly=False
    )


def attacker_console():
    """Guesses at the sign-in page, then svc-backup's own password, without MFA."""
    guess = {"type": "IAMUser", "principalId": "", "accountId": PROD, "accessKeyId": ""}
    nobody = Actor({**guess, "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}, ATTACKER, CHROME, PROD)
    for when in ("01 22:40:11", "01 22:40:29"):
        failed = sign_in(nobody, when, success=False)
        failed["errorMessage"] = "No username found in supplied account"
        failed["userIdentity"]["accessKeyId"] = ""
        yield failed
    for when in ("01 22:41:05", "01 22:41:30", "01 22:42:12"):
        yield sign_in(ALICE_CONSOLE.from_address(ATTACKER), when, success=False)
    yield sign_in(SVC_BACKUP_CONSOLE, "01 23:20:41", mfa="No")
    console = SVC_BACKUP_CONSOLE
    for when, source, name in (
        ("01 23:21:30", "ce", "GetCostAndUsage"), ("01 23:21:52", "organizations", "DescribeOrganization"),
        ("02 00:14:07", "iam", "ListUsers"), ("02 00:15:21", "ec2", "DescribeInstances"),
        ("02 01:02:44", "cloudtrail", "GetTrailStatus"), ("02 03:31:09", "kms", "DescribeKey"),
    ):
        yield console.calls(when, source, name)


def response():
    """The morning after: Alice and Dana find it and undo it."""
    refused = f"User: {SVC_BACKUP.identity['arn']} {DENIED}: sts:AssumeRole on resource: {role_arn(PROD, 'break-glass')}"
    yield SVC_BACKUP.calls("02 07:50:15", "sts", "AssumeRole", error=("AccessDenied", refused))
    yield sign_in(ALICE_HOME, "02 07:52:30", mfa="Yes")
    glass = role_session(
        PROD, "break-glass", "alice", access_key("ASIA", "breakglas"), "02 07:55:02", ALICE_HOME.address,
        CHROME, mfa="true",
        fields={"sessionCredentialFromConsole": "true"},
    )
    yield glass.calls(
        "02 07:55:02", "signin", "SwitchRole", response={"SwitchRole": "Success"}, eventType="AwsConsoleSignIn",
        requestID=OMIT, sessionCredentialFromConsole=OMIT, additionalEventData={
            "SwitchFrom": ALICE.identity["arn"], "RedirectTo": "https://console.aws.amazon.com/console/home"},
    )
    yield glass.calls("02 07:58:00", "cloudtrail", "StartLogging", request={"name": STOPPED_TRAIL})
    for when, user, key in (("02 08:00:10", "deploy-bot", DEPLOY_BOT), ("02 08:00:44", "svc-backup", SVC_BACKUP)):
        yield glass.calls(when, "iam", "UpdateAccessKey", request={
            "userName": user, "accessKeyId": key.identity["accessKeyId"], "status": "Inactive"})
    yield glass.calls("02 08:05:00", "iam", "DeleteLoginProfile", request={"userName": "svc-backup"})
    yield glass.calls("02 08:05:30", "iam", "DetachUserPolicy", request={
        "userName": "svc-backup", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"})
    yield glass.calls(
        "02 08:05:40", "iam", "DeleteUser", request={"userName": "svc-backup"},
        error=("DeleteConflictException", "Cannot delete entity, must delete access keys first."),
    )
    yield glass.calls("02 08:06:02", "iam", "DeleteAccessKey", request={
        "userName": "svc-backup", "accessKeyId": SVC_BACKUP.identity["accessKeyId"]})
    yield glass.calls(
        "02 08:06:31", "iam", "DeleteUserPolicy", request={"userName": "svc-backup", "policyName": "backup"}
    )
    yield glass.calls("02 08:07:12", "iam", "DeleteUser", request={"userName": "svc-backup"})
    for when, region in (("02 08:10:00", "us-east-1"), ("02 08:10:40", "us-west-2")):
        opened = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": items({"cidrIp": "0.0.0.0/0"})}
        yield glass.calls(
            when, "ec2", "RevokeSecurityGroupIngress", region,
            {"groupId": WEB_SG, "ipPermissions": items(opened)}, {"_return": True}
        )
    yield terminate_instances(glass, "02 08:14:20", "eu-west-1", MINER)
    yield from dana_in_data()


def dana_in_data():
    """The cleaning up of the data account, under a source identity."""
    yield DANA_IN_DATA.calls(
        "02 08:42:00", "cloudtrail", "LookupEvents", request={"maxResults": 50, "lookupAttributes": [
            {"attributeKey": "AccessKeyId", "attributeValue": ORG_ACCESS.identity["accessKeyId"]}]},
    )
    yield DANA_IN_DATA.calls(
        "02 08:43:10", "ec2", "DescribeSnapshots", request={"ownersSet": items({"owner": "self"})}
    )
    yield share_snapshot(DANA_IN_DATA, "02 08:45:30", STOLEN_SNAPSHOT, "remove", ATTACKER_ACCOUNT)
    yield kms_call(
        DANA_IN_DATA, "02 08:47:00", "CancelKeyDeletion", DATA_KMS_KEY, request={"keyId": DATA_KMS_KEY},
        response={"keyId": DATA_KMS_KEY},
    )
    for second, bucket in enumerate(("acme-customer-data", "acme-backups", "acme-exports-eu")):
        yield DANA_IN_DATA.calls(
            f"02 08:50:{second:02d}", "s3", "GetBucketPolicy", request={"bucketName": bucket, "policy": ""},
            error=("NoSuchBucketPolicy", "The bucket policy does not exist"),
        )
    yield DANA_IN_DATA.calls("02 08:55:00", "ec2", "DescribeInstances", "eu-west-1")


# ---------------------------------------------------------------------------------------------
# The story, part three: what else a trail holds.


def other_identities():
    """The identity types that the story did not need."""
    yield sign_in(ROOT, "01 06:30:12", mfa="Yes")
    alias = replace(ROOT, identity={**ROOT.identity, "userName": "acme-prod"})
    yield alias.calls("01 06:32:00", "iam", "GetAccountSummary", version="1.06")
    yield alias.calls("01 06:33:20", "support", "DescribeTrustedAdvisorChecks", version="1.07")

    federated = Actor(
        {
            "type": "FederatedUser", "principalId": f"{PROD}:contractor", "accountId": PROD,
            "arn": f"arn:aws:sts::{PROD}:federated-user/contractor",
            "accessKeyId": access_key("ASIA", "contract1"),
            "sessionContext": {
                "sessionIssuer": {k: v for k, v in ALICE.identity.items() if k != "accessKeyId"},
                "attributes": {"creationDate": at("01 12:15:00"), "mfaAuthenticated": False},
            },
        },
        "2001:db8:77::5", BOTO3, PROD,
    )
    yield s3_object(
        federated, "01 12:20:00", "GetObject", "acme-reports", "daily/2024-03-01.csv", PROD, sent=20_480
    )
    yield s3_object(
        federated, "01 12:21:00", "GetObject", "acme-reports", "daily/2024-02-29.csv", PROD,
        error=("NoSuchKey", "The specified key does not exist.")
    )

    pipeline = Actor(
        {"type": "Role", "principalId": iam_id("AROA", "data-pipeline"), "arn": role_arn(DATA, "data-pipeline"),
         "accountId": DATA, "userName": "data-pipeline"}, "AWS Internal", "AWS Internal", DATA,
    )
    yield pipeline.calls(
        "01 04:00:00", "glue", "StartJobRun", request={"jobName": "nightly-orders"},
        response={"jobRunId": "jr_0123abcd"}, version="1.05"
    )

    directory = Actor(
        {"type": "Directory", "principalId": "d-9067example:S-1-5-21-1004", "accountId": PROD, "userName": "jdoe"},
        "198.51.100.61", CHROME, PROD,
    )
    yield directory.calls(
        "01 13:40:00", "workdocs", "CreateFolder", request={"folderName": "Plans"}, version="1.03"
    )

    partner = Actor(
        {"type": "AWSAccount", "principalId": iam_id("AIDA", "partner"), "accountId": "777788889999"},
        "192.0.2.200", BOTO3, DATA,
    )
    yield s3_object(
        partner, "01 14:05:00", "GetObject", "acme-exports-eu", "partner/feed.json", DATA, sent=3_310,
        region="eu-west-1"
    )

    function = role_session(
        PROD, "thumbnailer", "thumbnailer", access_key("ASIA", "thumbnail"), "01 14:30:00", "203.0.113.9",
        BOTO3,
        fields={"vpcEndpointId": "AWS Internal"},
    )
    scope = {
        "sourceArn": f"arn:aws:lambda:us-east-1:{PROD}:function:thumbnailer", "sourceAccount": PROD,
        "issuerType": "AWS::Lambda", "credentialsIssuedTo": "AWS::Lambda::Function",
    }
    function = replace(function, identity={**function.identity, "inScopeOf": scope})
    yield s3_object(
        function, "01 14:31:00", "PutObject", "acme-media", "thumbs/1.jpg", PROD, received=9_001, version="1.10"
    )


def service_events():
    """What AWS did by itself, and records of other categories and ages."""
    host = "secretsmanager.amazonaws.com"
    itself = Actor({"accountId": PROD, "invokedBy": host}, host, host, PROD)
    yield itself.calls(
        "01 04:10:00", "secretsmanager", "RotationStarted", eventType="AwsServiceEvent", requestID=OMIT,
        readOnly=OMIT, version="1.05",
        additionalEventData={"SecretId": f"arn:aws:secretsmanager:us-east-1:{PROD}:secret:prod/shop/db-AbCdEf"},
    )
    internal = Actor({"accountId": DATA, "invokedBy": "AWS Internal"}, "AWS Internal", "AWS Internal", DATA)
    yield kms_call(
        internal, "02 04:12:00", "RotateKey", DATA_KMS_KEY, request=None, eventType="AwsServiceEvent",
        requestID=OMIT,
        readOnly=False, serviceEventDetails={"keyId": DATA_KMS_KEY.rsplit("/", 1)[1]}, version="1.11",
        sharedEventID=stable_id("rotation"), requestParameters=None,
    )
    yield ALICE.calls(
        "2024-03-01T15:00:00.123Z", "monitoring", "PutMetricAlarm",
        request={"alarmName": "web-5xx", "threshold": 5}, version="1.11",
        eventContext={"tagContext": {"resourceTags": [], "principalTags": {"team": "platform"}}},
    )
    yield ALICE.calls("01 15:01:00", "sns", "CreateTopic", request={"name": "alarms"},
                      response={"topicArn": f"arn:aws:sns:us-east-1:{PROD}:alarms"}, version="1.02")
    yield ALICE.calls("01 15:02:00", "sqs", "CreateQueue", request={"queueName": "jobs"},
                      response={"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{PROD}/jobs"}, version="1.04")
    yield CARLOS.calls(
        "01 15:50:00", "lambda", "UpdateFunctionCode20150331v2", "eu-west-1",
        {"omitted": True, "reason": "requestParameters too large", "originalSize": 149893},
        {"functionName": "export", "functionArn": f"arn:aws:lambda:eu-west-1:{DATA}:function:export", "version": "$LATEST"},
    )
    # eventVersion 1.0 had no eventID: told from others by its content alone.
    yield ALICE.calls(
        "01 15:03:00", "elasticloadbalancing", "DescribeLoadBalancers", request={"loadBalancerNames": ["web"]},
        version="1.0"
    )


def conflicting_pair():
    """One event delivered twice: first cut short, later whole. The later one has more leaves."""
    stack = f"arn:aws:cloudformation:us-east-1:{PROD}:stack/shop/0a1b2c3d-e5f6-11ee-9999-0example"
    whole = ALICE.calls(
        "01 15:10:00", "cloudformation", "CreateStack", request={
            "stackName": "shop", "templateURL": "https://acme-artifacts.s3.amazonaws.com/shop/stack.yaml",
            "capabilities": ["CAPABILITY_IAM"],
            "parameters": [{"parameterKey": "Stage", "parameterValue": "prod"}],
        },
        response={"stackId": stack}, addendum={"reason": "DELIVERY_DELAY"},
    )
    cut = {k: v for k, v in whole.items() if k != "addendum"}
    cut["requestParameters"] = {"omitted": True, "reason": "requestParameters too large", "originalSize": 120001}
    return cut, whole


def insight_pair():
    """An Insight's start and end: the denied DescribeInstances calls as an error rate."""
    for state, when in (("Start", "01 22:50:00"), ("End", "01 22:52:00")):
        statistics = {
            "baseline": {"average": 0.0012}, "insight": {"average": 7.5}, "insightDuration": 2, "baselineDuration": 10080,
        }
        attribution = {
            "attribute": "userIdentityArn",
            "insight": [{"value": LEAKED.identity["arn"], "average": 7.5}],
            "baseline": [{"value": DANA.identity["arn"], "average": 0.0012}],
        }
        yield {
            "eventVersion": "1.09",
            "eventTime": at(when),
            "awsRegion": "us-east-1",
            "eventID": stable_id("insight", state),
            "eventType": "AwsCloudTrailInsight",
            "recipientAccountId": PROD,
            "sharedEventID": stable_id("insight"),
            "insightDetails": {
                "state": state,
                "eventSource": "ec2.amazonaws.com",
                "eventName": "DescribeInstances",
                "insightType": "ApiErrorRateInsight",
                "errorCode": "Client.UnauthorizedOperation",
                "insightContext": {"statistics": statistics, "attributions": [attribution]},
            },
            "eventCategory": "Insight",
        }


def network_activity(when="01 23:06:10", label="network"):
    """A call with foreign credentials that the VPC endpoint's policy turned down."""
    return {
        "eventVersion": "1.09",
        "userIdentity": {"type": "AWSAccount", "principalId": iam_id("AROA", "outsider"), "accountId": ATTACKER_ACCOUNT},
        "eventTime": at(when),
        "eventSource": "kms.amazonaws.com",
        "eventName": "ListKeys",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "10.0.1.77",
        "errorCode": "VpceAccessDenied",
        "errorMessage": "The request was denied due to a VPC endpoint policy",
        "requestID": stable_id(label, "request"),
        "eventID": stable_id(label, "event"),
        "eventType": "AwsVpceEvent",
        "recipientAccountId": PROD,
        "sharedEventID": stable_id(label, "shared"),
        "vpcEndpointId": VPC_ENDPOINT,
        "vpcEndpointAccountId": PROD,
        "eventCategory": "NetworkActivity",
    }


def aggregated_event():
    """Five minutes of S3 reads as one record: `eventId` and `accountId`, no time of its own."""

    def count(dimension: str, value: str) -> dict:
        return {"dimension": dimension, "statistics": [{"name": value, "value": 6}], "aggregationType": "Count"}

    return {
        "eventVersion": "1.0",
        "accountId": DATA,
        "eventId": stable_id("aggregated"),
        "eventCategory": "Aggregated",
        "eventType": "AwsAggregatedEvent",
        "awsRegion": "us-east-1",
        "eventSource": "s3.amazonaws.com",
        "timeWindow": {"windowStart": at("01 23:10:00"), "windowEnd": at("01 23:15:00"), "windowSize": "PT5M"},
        "summary": {
            "primaryDimension": count("eventName", "GetObject"),
            "details": [count("userIdentity", ORG_ACCESS.identity["arn"]), count("sourceIpAddress", ATTACKER)],
        },
    }


# ---------------------------------------------------------------------------------------------
# Writing: JSON, gzip and zip without a clock.


def to_json(value) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def trail(records) -> bytes:
    return to_json({"Records": list(records)}).encode()


def gzipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=9, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name, date_time=(2024, 3, 4, 0, 0, 0))
            info.create_system = 3
            info.compress_type = zipfile.ZIP_STORED if name.endswith("/") else zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


def write(path: Path, data) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)


# ---------------------------------------------------------------------------------------------
# testdata/delivery

# When files are delivered: an event is in the first delivery of its account and Region after it.
DELIVERIES = (
    "2024-03-01T08:05Z", "2024-03-01T16:05Z", "2024-03-01T22:05Z", "2024-03-01T23:05Z",
    "2024-03-02T00:05Z", "2024-03-02T08:05Z", "2024-03-02T16:05Z", "2024-03-03T00:05Z",
)


ALPHANUMERIC = string.ascii_uppercase + string.ascii_lowercase + string.digits


def log_key(account, region, delivered, kind="CloudTrail", copy=1, organization="") -> str:
    """The S3 key of a log file; `delivered` is `YYYY-MM-DDTHH:MMZ`."""
    digest = hashlib.sha256(f"{organization}{account}{region}{delivered}{kind}{copy}".encode()).digest()
    unique = "".join(ALPHANUMERIC[byte % 62] for byte in digest[:16])
    day, stamp = delivered[:10].replace("-", "/"), re.sub("[-:]", "", delivered)
    name = f"{account}_{kind}_{region}_{stamp}_{unique}.json.gz"
    return f"AWSLogs/{organization}{account}/{kind}/{region}/{day}/{name}"


def story():
    """Every record of the two days, in no order that matters."""
    for part in (
        builds, instances, log_delivery, backups, deploy_bot_work, alice_day, carlos_day, audit,
        incident, response, other_identities, service_events,
    ):
        yield from part()


def account_of(rec: dict) -> str:
    return rec.get("recipientAccountId") or rec["userIdentity"]["accountId"]


def delivery() -> dict[str, bytes]:
    """Uncompressed log files by S3 key."""
    batches = defaultdict(list)
    for rec in story():
        delivered = next(d for d in DELIVERIES if rec["eventTime"] < d)
        batches[account_of(rec), rec["awsRegion"], delivered].append(rec)

    cut, whole = conflicting_pair()
    afternoon = batches[PROD, "us-east-1", "2024-03-01T16:05Z"]
    afternoon += [cut, afternoon[0]]  # and one record twice in a file
    batches[PROD, "us-east-1", "2024-03-01T22:05Z"].append(whole)

    # CloudTrail promises no order: records are sorted by what their ids happen to be.
    files = {
        log_key(*place): trail(sorted(batch, key=lambda r: r.get("eventID", "")))
        for place, batch in sorted(batches.items())
    }
    late_evening = (PROD, "us-east-1", "2024-03-01T23:05Z")
    files[log_key(*late_evening, copy=2)] = files[log_key(*late_evening)]  # redelivered

    evening = "2024-03-01T23:20Z"
    files[log_key(PROD, "us-east-1", evening, "CloudTrail-Insight")] = trail(insight_pair())
    files[log_key(PROD, "us-east-1", evening, "CloudTrail-NetworkActivity")] = trail([network_activity()])
    files[log_key(DATA, "us-east-1", evening, "CloudTrail-Aggregated")] = trail([aggregated_event()])
    for region, delivered, account, text in DOCUMENTED:
        files[log_key(account, region, delivered)] = text.encode()
    return files


def digest_chain(files: dict[str, bytes]) -> dict[str, bytes]:
    """Two hourly digests over the deliveries of 23:05 and 00:05, the second chained to the first."""
    digests: dict[str, bytes] = {}
    previous = dict.fromkeys(("Bucket", "Object", "HashValue", "HashAlgorithm", "Signature"))
    for start, end, delivered in (
        ("2024-03-01T22:30:13Z", "2024-03-01T23:30:13Z", "2024-03-01T23:05Z"),
        ("2024-03-01T23:30:13Z", "2024-03-02T00:30:13Z", "2024-03-02T00:05Z"),
    ):
        name = f"{PROD}_CloudTrail-Digest_us-east-1_security-trail_us-east-1_{re.sub('[-:]', '', end)}.json.gz"
        key = f"AWSLogs/{PROD}/CloudTrail-Digest/us-east-1/{end[:10].replace('-', '/')}/{name}"
        covered = [log_key(PROD, "us-east-1", delivered, copy=n) for n in (1, 2)]
        log_files = [digested(k, files[k]) for k in covered if k in files]
        digest = {
            "awsAccountId": PROD,
            "digestStartTime": start,
            "digestEndTime": end,
            "digestS3Bucket": "acme-logs",
            "digestS3Object": key,
            "digestPublicKeyFingerprint": "31e8b5433410dfb61a9dc45cc65b22ff",
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": max(f["newestEventTime"] for f in log_files),
            "oldestEventTime": min(f["oldestEventTime"] for f in log_files),
            "previousDigestS3Bucket": previous["Bucket"],
            "previousDigestS3Object": previous["Object"],
            "previousDigestHashValue": previous["HashValue"],
            "previousDigestHashAlgorithm": previous["HashAlgorithm"],
            "previousDigestSignature": previous["Signature"],
            "logFiles": log_files,
        }
        digests[key] = to_json(digest).encode()
        previous = {
            "Bucket": "acme-logs",
            "Object": key,
            "HashValue": hashlib.sha256(digests[key]).hexdigest(),
            "HashAlgorithm": "SHA-256",
            # Stands in for an RSA signature: the right length, made by no key.
            "Signature": hashlib.shake_256(digests[key]).hexdigest(256),
        }
    return digests


def digested(key: str, data: bytes) -> dict:
    times = [rec["eventTime"] for rec in json.loads(data)["Records"]]
    return {
        "s3Bucket": "acme-logs",
        "s3Object": key,
        "hashValue": hashlib.sha256(data).hexdigest(),
        "hashAlgorithm": "SHA-256",
        "newestEventTime": max(times),
        "oldestEventTime": min(times),
    }


# ---------------------------------------------------------------------------------------------
# testdata/shapes: events of their own, at noon of 4 March, by a user named after the shape.


def few(label: str, count: int = 3):
    """Records that stand in one shape only; their user is `shape-LABEL`."""
    user = iam_user(PROD, f"shape-{label}", access_key("AKIA", label), "198.51.100.90", BOTO3)
    calls = (
        ("ec2", "DescribeVolumes", {"volumeSet": {}, "filterSet": {}}, None),
        ("sqs", "CreateQueue", {"queueName": label}, {"queueUrl": f"https://sqs.us-east-1.amazonaws.com/{PROD}/{label}"}),
        ("s3", "CreateBucket", {"bucketName": f"acme-{label}"}, None),
        ("iam", "ListUsers", None, None),
    )
    for second in range(count):
        source, name, request, answer = calls[second % len(calls)]
        yield user.calls(f"04 12:00:{second:02d}", source, name, request=request, response=answer)


def username(rec: dict):
    """Event history's Username, or None."""
    identity = rec["userIdentity"]
    if identity.get("type") == "Root":
        return "root"
    if identity.get("type") == "AssumedRole":
        return identity["principalId"].split(":", 1)[1]
    return identity.get("userName")


def lookup_entry(rec: dict, event_time, resources=()) -> dict:
    """One of `aws cloudtrail lookup-events`' Events; keys without a value are left out."""
    entry = {
        "EventId": rec["eventID"],
        "EventName": rec["eventName"],
        "ReadOnly": str(rec["readOnly"]).lower(),
        "AccessKeyId": rec["userIdentity"].get("accessKeyId"),
        "EventTime": event_time,
        "EventSource": rec["eventSource"],
        "Username": username(rec),
        "Resources": list(resources),
        "CloudTrailEvent": to_json(rec),
    }
    return {key: value for key, value in entry.items() if value is not None}


def cli_output(records) -> str:
    """The CLI's JSON, with its paging token first and EventTime as a number."""
    volumes, queue, bucket = records
    listed = {"ResourceType": "AWS::S3::Bucket", "ResourceName": bucket["requestParameters"]["bucketName"]}
    entries = [lookup_entry(rec, float(epoch(rec["eventTime"]))) for rec in (volumes, queue)]
    entries.append(lookup_entry(bucket, float(epoch(bucket["eventTime"])), [listed]))
    return json.dumps({"NextToken": "AYRfQ4example", "Events": entries}, indent=4)


def cli_lines(records) -> str:
    """One entry a line, with EventTime in the caller's time zone."""
    entries = (lookup_entry(rec, rec["eventTime"].replace("T12", "T13").replace("Z", "+01:00")) for rec in records)
    return "".join(to_json(entry) + "\n" for entry in entries)


CSV_HEADER = (
    "User name,AWS access key,Event time,Event source,Event name,AWS region,Source IP address,User agent,"
    "Error code,Resources,Request ID,Event ID,Read-only,Event type,Recipient Account Id,Event category"
).split(",")


def history_row(rec: dict, resources=()) -> list[str]:
    """A row of the console's CSV download."""
    listed = [{"resourceType": kind, "resourceName": name} for kind, name in resources]
    values = [
        username(rec), rec["userIdentity"].get("accessKeyId"), rec["eventTime"], rec["eventSource"],
        rec["eventName"],
        rec["awsRegion"], rec["sourceIPAddress"], rec.get("userAgent"), rec.get("errorCode"), to_json(listed),
        rec.get("requestID"), rec["eventID"], str(rec["readOnly"]).lower(), rec["eventType"],
        rec["recipientAccountId"],
        rec["eventCategory"],
    ]
    return ["" if value is None else value for value in values]


def history_csv(rows, delimiter=",", line_end="\n") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=line_end).writerows([CSV_HEADER, *rows])
    return text.getvalue()


def shapes(log_files: dict[str, bytes]) -> dict[str, object]:
    """File contents by path under testdata/shapes."""
    lines = "\n".join(map(to_json, few("ndjson"))) + "\n"
    first, second, third = few("concatenated")
    deep = f"org/prefix/{log_key(PROD, 'us-east-1', '2024-03-02T00:05Z', organization='o-exampleorgid/')}"
    organization = [{**rec, "eventTime": f"2024-03-01T23:59:{n:02d}Z"} for n, rec in enumerate(few("org"))]
    insight = [
        {**rec, "eventID": stable_id("shape", rec["eventID"]), "sharedEventID": stable_id("shape insight")}
        for rec in insight_pair()
    ]
    by_service = next(rec for rec in service_events() if rec["eventType"] == "AwsServiceEvent")
    by_service = {**by_service, "eventTime": at("04 12:00:00"), "eventID": stable_id("shape service")}
    login = sign_in(iam_user(PROD, "shape-sign-in", "", "198.51.100.90", CHROME), "04 12:00:00", success=False)
    return {
        "bare-record.json": json.dumps(assume_root(), indent=2) + "\n",
        "array.json": to_json(list(few("array"))),
        "records.ndjson": lines,
        "concatenated.json": to_json(first) + to_json(second) + json.dumps(third, indent=4),
        "records.zip": zipped({
            "trail/": b"", "trail/first.json": trail(few("zip")),
            "trail/second.json.gz": gzipped(trail(few("zipgz", 2))),
        }),
        "lookup-events.json": cli_output(few("lookup")),
        "lookup-events.jsonl": cli_lines(few("lookupl")),
        "eventbridge.json": to_json(event_bridge(next(few("eventbridge")))),
        "cloudwatch-logs.json.gz": gzipped(to_json(subscription(few("cwlogs"))).encode()),
        "filter-log-events.json": json.dumps(filtered_log_events(few("filtered")), indent=4),
        "message.ndjson": "".join(to_json({"message": to_json(rec)}) + "\n" for rec in few("message")),
        "event_history.json": trail(few("history")),
        "event_history.csv": console_download(log_files),
        "event_history-spreadsheet.csv": spreadsheet_copy(),
        deep: gzipped(trail(organization)),
        "insight.json": trail(insight),
        "network-activity.json": trail([network_activity("04 12:00:00", "shape network")]),
        "service-event.json": trail([by_service]),
        "sign-in.json": trail([login]),
        "bom.json": b"\xef\xbb\xbf" + trail(few("bom", 2)),
        "noextension": gzipped(trail(few("noextension", 2))),
    }


def assume_root():
    """AssumeRoot: a session that is no role's, whose key stands in responseElements too."""
    manager = iam_user(PROD, "shape-bare", access_key("AKIA", "bare"), "198.51.100.90", BOTO3)
    return manager.calls(
        "2025-01-15T12:00:00Z", "sts", "AssumeRoot", version="1.11", readOnly=False,
        request={
            "targetPrincipal": DATA,
            "taskPolicyArn": {"arn": "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"},
        },
        response={
            "credentials": {
                "accessKeyId": access_key("ASIA", "assumroot"), "expiration": in_payload("2025-01-15T12:00:00Z", 1),
            },
        },
        sharedEventID=stable_id("assume root"),
    )


def event_bridge(rec: dict) -> dict:
    return {
        "version": "0", "id": stable_id("envelope", rec["eventID"]),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.ec2", "account": PROD, "time": rec["eventTime"], "region": rec["awsRegion"],
        "resources": [],
        "detail": rec,
    }


def subscription(records) -> dict:
    """What a CloudWatch Logs subscription hands on."""
    return {
        "messageType": "DATA_MESSAGE", "owner": PROD, "logGroup": "aws-cloudtrail-logs",
        "subscriptionFilters": ["all"],
        "logStream": f"{PROD}_CloudTrail_us-east-1",
        "logEvents": [
            {"id": f"{3811600000 + n:056d}", "timestamp": epoch(rec["eventTime"]) * 1000, "message": to_json(rec)}
            for n, rec in enumerate(records)
        ],
    }


def filtered_log_events(records) -> dict:
    """`aws logs filter-log-events`: its `eventId` is the log entry's, not the record's."""
    return {
        "events": [
            {
                "logStreamName": f"{PROD}_CloudTrail_us-east-1", "timestamp": epoch(rec["eventTime"]) * 1000,
                "message": to_json(rec), "ingestionTime": epoch(rec["eventTime"]) * 1000 + 61_000,
                "eventId": f"{3811700000 + n:056d}",
            }
            for n, rec in enumerate(records)
        ],
        "searchedLogStreams": [],
    }


def console_download(log_files: dict[str, bytes]) -> str:
    """The console's CSV: newest first; its last row is the delivery's CreateUser."""
    own = list(few("csv", 4))
    records = json.loads(log_files[log_key(PROD, "us-east-1", "2024-03-01T23:05Z")])["Records"]
    known = next(rec for rec in records if rec["eventName"] == "CreateUser")
    user = known["responseElements"]["user"]
    rows = [
        history_row(own[3]),
        history_row(own[2], [("AWS::S3::Bucket", "acme-csv")]),
        history_row(own[1], [("AWS::SQS::Queue", "csv"), (None, own[1]["responseElements"]["queueUrl"])]),
        history_row({**own[0], "errorCode": "Client.UnauthorizedOperation", "userAgent": 'quoted "agent", with comma'}),
        history_row(known, [("AWS::IAM::User", user[name]) for name in ("userName", "arn", "userId")]),
    ]
    return history_csv(rows)


def spreadsheet_copy() -> bytes:
    """The same columns as a spreadsheet program saves them."""
    volumes, queue, bucket = few("sheet")
    rows = [history_row(bucket, [("AWS::S3::Bucket", "acme-sheet")]), history_row(queue), history_row(volumes)]
    read_only = CSV_HEADER.index("Read-only")
    for row in rows:
        row[read_only] = row[read_only].upper()
    return b"\xef\xbb\xbf" + history_csv(rows, delimiter=";", line_end="\r\n").encode()


# ---------------------------------------------------------------------------------------------
# testdata/broken


def broken() -> dict[str, object]:
    """File contents by path under testdata/broken; good records are by a user `shape-FILE`."""
    return {
        "empty.json": b"",
        "truncated.json.gz": truncated_gzip(list(few("truncgz", 6)), whole=3),
        "truncated.json": truncated_json(list(few("truncated"))),
        "not-json.json": "{ this is not JSON: it only starts like it ]]\n",
        "bad-record.json": bad_record(*map(to_json, few("badrecord", 2))),
        "bad-line.ndjson": bad_line(*map(to_json, few("badline"))),
        "invalid-utf8.json": trail(few("utf8")).replace(b'"queueName":"utf8"', b'"queueName":"utf\xff8"'),
        "deep.json": too_deep(*few("deep")),
        "wrong-types.json": trail(wrong_types(few("wrongtypes", 5))),
        "LICENSE.txt": "Permission is hereby granted, free of charge, to any person who reads this file,\n"
        "to go on to the next one: it is prose, and no trail file.\n",
        "script.sh": '#!/bin/sh\n# Fetches a day of logs.\naws s3 sync "s3://acme-logs/AWSLogs/$1/CloudTrail/" .\n',
        "picture.png": tiny_png(),
        "gzip-of-gzip.json.gz": gzipped(gzipped(trail(few("twice", 2)))),
        "zip-with-nothing.zip": zipped({"readme.txt": b"No trail file in here.\n"}),
        "package.json": json.dumps({"name": "acme-shop", "version": "1.4.2", "private": True}, indent=2) + "\n",
    }


def truncated_gzip(records, whole: int) -> bytes:
    """A gzip cut short of its end: `whole` records can be read, and a part of the next.

    The stream is flushed inside the next record, so every decoder gets just as far.
    """
    texts = [to_json(rec).encode() for rec in records]
    head = b'{"Records":[' + b",".join(texts[:whole]) + b"," + texts[whole][:100]
    rest = texts[whole][100:] + b"," + b",".join(texts[whole + 1 :]) + b"]}"
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(head) + deflate.flush(zlib.Z_FULL_FLUSH)
    body += (deflate.compress(rest) + deflate.flush())[:8]  # not even a block's header
    return gzipped(b"")[:10] + body


def truncated_json(records) -> bytes:
    """Cut in the middle of the last record."""
    data = trail(records)
    return data[: data.rindex(b'"eventName"') + 20]


def bad_record(first: str, last: str) -> str:
    no_record = '{"note":"an object, but no record"}'
    bad_syntax = '{"eventVersion":"1.08","eventTime":}'
    return f'{{"Records":[{first},42,{no_record},{bad_syntax},{last}]}}'


def bad_line(first: str, second: str, third: str) -> str:
    """The second line ends inside a string."""
    return f"{first}\n{second[: second.index('CreateQueue') + 6]}\n{third}\n"


def too_deep(first: dict, second: dict, third: dict) -> str:
    text = to_json({"Records": [first, {**second, "requestParameters": "NEST"}, third]})
    return text.replace('"NEST"', "[" * 10_000 + "]" * 10_000)


def wrong_types(records):
    """Records with one field each that is not of its type: they stay records."""
    wrong = (
        {"eventTime": "yesterday at noon"}, {"readOnly": "maybe"}, {"awsRegion": 12},
        {"userIdentity": "alice"}, {"sourceIPAddress": ["198.51.100.90", "198.51.100.91"]},
    )
    return [{**rec, **change} for rec, change in zip(records, wrong)]


def tiny_png() -> bytes:
    """A red pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\x00\xff\x00\x00")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def main(out: Path) -> None:
    for part in ("delivery", "shapes", "broken"):
        shutil.rmtree(out / part, ignore_errors=True)
    log_files = delivery()
    for key, data in {**log_files, **digest_chain(log_files)}.items():
        write(out / "delivery" / key, gzipped(data))
    for name, data in shapes(log_files).items():
        write(out / "shapes" / name, data)
    for name, data in broken().items():
        write(out / "broken" / name, data)


# ---------------------------------------------------------------------------------------------
# The example records of the AWS documentation for EC2, EC2 Auto Scaling, Amazon ECS and AWS
# Cloud Map, verbatim: (Region, delivered, recipient account, file).

TERMINATE_INSTANCES = """\
{
   "Records":[
      {
         "eventVersion":"1.03",
         "userIdentity":{
            "type":"Root",
            "principalId":"123456789012",
            "arn":"arn:aws:iam::123456789012:root",
            "accountId":"123456789012",
            "accessKeyId":"AKIAIOSFODNN7EXAMPLE",
            "userName":"user"
         },
         "eventTime":"2016-05-20T08:27:45Z",
         "eventSource":"ec2.amazonaws.com",
         "eventName":"TerminateInstances",
         "awsRegion":"us-west-2",
         "sourceIPAddress":"198.51.100.1",
         "userAgent":"aws-cli/1.10.10 Python/2.7.9 Windows/7botocore/1.4.1",
         "requestParameters":{
            "instancesSet":{
               "items":[{
                  "instanceId":"i-1a2b3c4d"
               }]
            }
         },
         "responseElements":{
            "instancesSet":{
               "items":[{
                  "instanceId":"i-1a2b3c4d",
                  "currentState":{
                     "code":32,
                     "name":"shutting-down"
                  },
                  "previousState":{
                     "code":16,
                     "name":"running"
                  }
               }]
            }
         },
         "requestID":"be112233-1ba5-4ae0-8e2b-1c302EXAMPLE",
         "eventID":"6e12345-2a4e-417c-aa78-7594fEXAMPLE",
         "eventType":"AwsApiCall",
         "recipientAccountId":"123456789012"
     }
   ]
}
"""

CREATE_CLUSTER = """\
{"Records": [
{
    "eventVersion": "1.04",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AIDACKCEVSQ6C2EXAMPLE:account_name",
        "arn": "arn:aws:sts::123456789012:user/Mary_Major",
        "accountId": "123456789012",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "attributes": {
                "mfaAuthenticated": "false",
                "creationDate": "2018-06-20T18:32:25Z"
            },
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AIDACKCEVSQ6C2EXAMPLE",
                "arn": "arn:aws:iam::123456789012:role/Admin",
                "accountId": "123456789012",
                "userName": "Mary_Major"
            }
        }
    },
    "eventTime": "2018-06-20T19:04:36Z",
    "eventSource": "ecs.amazonaws.com",
    "eventName": "CreateCluster",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "203.0.113.12",
    "userAgent": "console.amazonaws.com",
    "requestParameters": {
        "clusterName": "default"
    },
    "responseElements": {
        "cluster": {
            "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/default",
            "pendingTasksCount": 0,
            "registeredContainerInstancesCount": 0,
            "status": "ACTIVE",
            "runningTasksCount": 0,
            "statistics": [],
            "clusterName": "default",
            "activeServicesCount": 0
        }
    },
    "requestID": "cb8c167e-EXAMPLE",
    "eventID": "e3c6f4ce-EXAMPLE",
    "eventType": "AwsApiCall",
    "recipientAccountId": "123456789012"
}
]}
"""

CREATE_LAUNCH_CONFIGURATION = """\
{"Records": [
{
    "eventVersion": "1.05",
    "userIdentity": {
        "type": "Root",
        "principalId": "123456789012",
        "arn": "arn:aws:iam::123456789012:root",
        "accountId": "123456789012",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "attributes": {
                "mfaAuthenticated": "false",
                "creationDate": "2018-08-21T17:05:42Z"
            }
        }
    },
    "eventTime": "2018-08-21T17:07:49Z",
    "eventSource": "autoscaling.amazonaws.com",
    "eventName": "CreateLaunchConfiguration",
    "awsRegion": "us-west-2",
    "sourceIPAddress": "192.0.2.0",
    "userAgent": "Coral/Jakarta",
    "requestParameters": {
        "ebsOptimized": false,
        "instanceMonitoring": {
            "enabled": false
        },
        "instanceType": "t2.micro",
        "keyName": "EC2-key-pair-oregon",
        "blockDeviceMappings": [
            {
                "deviceName": "/dev/xvda",
                "ebs": {
                    "deleteOnTermination": true,
                    "volumeSize": 8,
                    "snapshotId": "snap-01676e0a2c3c7de9e",
                    "volumeType": "gp2"
                }
            }
        ],
        "launchConfigurationName": "launch_configuration_1",
        "imageId": "ami-6cd6f714d79675a5",
        "securityGroups": [
            "sg-00c429965fd921483"
        ]
    },
    "responseElements": null,
    "requestID": "0737e2ea-fb2d-11e3-bfd8-99133058e7bb",
    "eventID": "3fcfb182-98f8-4744-bd45-b38835ab61cb",
    "eventType": "AwsApiCall",
    "recipientAccountId": "123456789012"
}
]}
"""

CREATE_PUBLIC_DNS_NAMESPACE = """\
{
    "Records": [
        {
            "eventVersion": "1.05",
            "userIdentity": {
                "type": "IAMUser",
                "principalId": "A1B2C3D4E5F6G7EXAMPLE",
                "arn": "arn:aws:iam::111122223333:user/smithj",
                "accountId": "111122223333",
                "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
                "userName": "smithj"
            },
            "eventTime": "2018-01-16T00:44:17Z",
            "eventSource": "servicediscovery.amazonaws.com",
            "eventName": "CreatePublicDnsNamespace",
            "awsRegion": "us-west-2",
            "sourceIPAddress": "192.0.2.92",
            "userAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.12; rv:52.0) Gecko/20100101 Firefox/52.0",
            "requestParameters": {
                "description": "test",
                "creatorRequestId": "1234567890123456789",
                "name": "example.com"
            },
            "responseElements": {
                "operationId": "unmipghn37443trlkgpf4idvvitec6fw-2example"
            },
            "requestID": "35e1872d-c0dc-11e7-99e1-03e9fexample",
            "eventID": "409b4d91-34e6-41ee-bd97-a816dexample",
            "eventType": "AwsApiCall",
            "recipientAccountId": "444455556666"
        }
    ]
}
"""

DOCUMENTED = (
    ("us-west-2", "2016-05-20T08:35Z", "123456789012", TERMINATE_INSTANCES),
    ("us-west-2", "2018-01-16T00:50Z", "444455556666", CREATE_PUBLIC_DNS_NAMESPACE),
    ("us-east-1", "2018-06-20T19:10Z", "123456789012", CREATE_CLUSTER),
    ("us-west-2", "2018-08-21T17:15Z", "123456789012", CREATE_LAUNCH_CONFIGURATION),
)

if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "testdata")
