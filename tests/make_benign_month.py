#!/usr/bin/env python3
"""Writes testdata/benign-month/: April 2024 of two accounts in which nothing bad happens.

    python3 tests/make_benign_month.py [OUT]

It is ordinary administration: people sign in through IAM Identity Center and with MFA, Terraform, CloudFormation and CI
deploy, keys are rotated, people join, backups are taken, instances come and go, auditors and AWS services read. Every
value is derived from the day and the actor, so running it again writes the same records. Nothing in it is real, as in
the rest of testdata/. What hunts find in it is false.
"""

import gzip
import hashlib
import io
import json
import sys
import uuid
from datetime import datetime, timedelta, timezone
from pathlib import Path

PROD, DATA = "111122223333", "444455556666"
REGION = "us-east-1"
START = datetime(2024, 4, 1, tzinfo=timezone.utc)
DAYS = 30

CHROME = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/123.0.0.0 Safari/537.36"
CLI = "aws-cli/2.15.38 Python/3.11.8 Darwin/23.4.0 exe/x86_64 prompt/off"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.8.1 (+https://www.terraform.io) terraform-provider-aws/5.45.0"
BOTO3 = "Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux#6.1.0 lang/python#3.12.3"

OFFICE = {"alice": "198.51.100.23", "bob": "198.51.100.25", "carol": "198.51.100.26", "dana": "198.51.100.24", "erik": "198.51.100.27",
          "frank": "198.51.100.28", "svc-reporting": "198.51.100.60", "grace": "198.51.100.29", "henry": "198.51.100.30"}
PERMISSIONS = {"alice": "AdministratorAccess", "bob": "PowerUserAccess", "carol": "ReadOnlyAccess", "dana": "SecurityAudit", "erik": "Billing"}
READS = ("Get", "List", "Describe", "Lookup", "Head", "Batch", "Decrypt", "Search")

records = {}


def number(*parts):
    return int.from_bytes(hashlib.sha256("\n".join(map(str, parts)).encode()).digest()[:8], "big")


def guid(*parts):
    return str(uuid.UUID(bytes=hashlib.sha256("\n".join(map(str, parts)).encode()).digest()[:16], version=4))


def pick(items, *parts):
    return items[number(*parts) % len(items)]


def label(prefix, name, length=21):
    """An id that shows whose it is, as AIDA00000ALICEEXAMPLE."""
    width = length - len(prefix) - len("EXAMPLE")
    body = "".join(c for c in name.upper() if c.isalnum())[-width:]
    return prefix + body.rjust(width, "0") + "EXAMPLE"


def clock(day, hour, minute=0, second=0):
    return START + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


def text(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


# Who acts.


def user(account, name):
    return {"type": "IAMUser", "principalId": label("AIDA", name), "arn": f"arn:aws:iam::{account}:user/{name}", "accountId": account,
            "userName": name}


def session(account, role, name, opened, path="", mfa=False, web=None):
    """A session of a role, with the issuer."""
    issuer = {"type": "Role", "principalId": label("AROA", role), "arn": f"arn:aws:iam::{account}:role/{path}{role}", "accountId": account,
              "userName": role}
    context = {"sessionIssuer": issuer, "attributes": {"creationDate": text(opened), "mfaAuthenticated": str(mfa).lower()}}
    if web:
        context["webIdFederationData"] = {"federatedProvider": web, "attributes": {}}
    return {"type": "AssumedRole", "principalId": f"{issuer['principalId']}:{name}", "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
            "accountId": account, "accessKeyId": label("ASIA", f"{guid(role, name, opened)[:8]}", 20), "sessionContext": context}


def service(name):
    return {"type": "AWSService", "invokedBy": f"{name}.amazonaws.com"}


def call(time, account, who, source, name, request=None, response=None, ip=None, agent=CLI, error=None, more=None, **fields):
    """Adds a record. A service calls from its own name."""
    own = who.get("invokedBy")
    read = name.startswith(READS)
    record = {
        "eventVersion": "1.09", "userIdentity": who, "eventTime": text(time), "eventSource": f"{source}.amazonaws.com", "eventName": name,
        "awsRegion": REGION, "sourceIPAddress": own or ip, "userAgent": own or agent, "requestParameters": request, "responseElements": response,
        "requestID": guid("request", time, name, who.get("arn"), request), "eventID": guid("event", time, name, who.get("arn"), request, account),
        "readOnly": read, "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": account, "eventCategory": "Management",
    }
    if error:
        record["errorCode"], record["errorMessage"] = error
        record["responseElements"] = None
    if more:
        record["additionalEventData"] = more
    record.update(fields)
    records.setdefault((account, time.date()), []).append(record)


# What they do.


def sign_in(time, account, name):
    """Opens a session in the console through IAM Identity Center, with MFA there."""
    ip = OFFICE[name]
    center = {"type": "Unknown", "principalId": label("94", name), "accountId": PROD, "userName": name}
    for at, step in enumerate(("CredentialChallenge", "CredentialVerification")):
        call(time + timedelta(seconds=5 * at), PROD, center, "signin", step, ip=ip, agent=CHROME, more={"CredentialType": "TOTP", "UserName": name},
             eventType="AwsConsoleSignIn", serviceEventDetails={step: "Success"}, readOnly=False)
    call(time + timedelta(seconds=12), PROD, center, "signin", "UserAuthentication", ip=ip, agent=CHROME, eventType="AwsConsoleSignIn",
         more={"CredentialType": "PASSWORD,TOTP", "UserName": name, "AuthWorkflowID": guid("flow", time, name)}, readOnly=False,
         serviceEventDetails={"UserAuthentication": "Success"})
    call(time + timedelta(seconds=15), PROD, center, "sso", "Federate", ip=ip, agent=CHROME, readOnly=False, eventType="AwsServiceEvent",
         serviceEventDetails={"role_name": PERMISSIONS[name], "account_id": account})
    role = f"AWSReservedSSO_{PERMISSIONS[name]}_{guid('sso', PERMISSIONS[name]).replace('-', '')[:16]}"
    who = session(account, role, name, time, "aws-reserved/sso.amazonaws.com/")
    call(time + timedelta(seconds=16), account, {"type": "SAMLUser", "principalId": f"{label('SAML', name)}:{name}", "userName": name,
         "identityProvider": f"arn:aws:iam::{account}:saml-provider/AWSSSO_DO_NOT_DELETE"}, "sts", "AssumeRoleWithSAML",
         {"roleArn": who["sessionContext"]["sessionIssuer"]["arn"], "roleSessionName": name, "durationSeconds": 28800},
         {"credentials": {"accessKeyId": who["accessKeyId"], "expiration": text(time + timedelta(hours=8))}}, "sso.amazonaws.com",
         "sso.amazonaws.com", readOnly=True)
    call(time + timedelta(seconds=18), account, {**who, "accessKeyId": ""}, "signin", "ConsoleLogin", None, {"ConsoleLogin": "Success"}, ip, CHROME,
         more={"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "No"},
         eventType="AwsConsoleSignIn", readOnly=False)
    return who


def browse(time, account, who, name, pages):
    """Reads as a person does who looks around in the console."""
    for at, (source, action) in enumerate(pages):
        call(time + timedelta(seconds=20 * at + number(time, at) % 15), account, who, source, action, ip=OFFICE[name], agent=CHROME,
             sessionCredentialFromConsole="true")


CONSOLE = [("ec2", "DescribeInstances"), ("ec2", "DescribeSecurityGroups"), ("cloudwatch", "DescribeAlarms"), ("ecs", "ListServices"),
           ("rds", "DescribeDBInstances"), ("s3", "ListBuckets"), ("iam", "ListRoles"), ("logs", "DescribeLogGroups"), ("lambda", "ListFunctions20150331"),
           ("cloudformation", "DescribeStacks"), ("elasticloadbalancing", "DescribeLoadBalancers"), ("health", "DescribeEventAggregates")]


def people(day):
    for name, hour in (("alice", 8), ("bob", 9), ("carol", 9), ("dana", 10), ("erik", 11)):
        if name == "erik" and day % 7 != 0:
            continue
        account = DATA if name in ("bob", "dana") and day % 2 else PROD
        time = clock(day, hour, number(day, name) % 50)
        who = sign_in(time, account, name)
        first = number(day, name, "page") % len(CONSOLE)
        pages = [CONSOLE[(first + at) % len(CONSOLE)] for at in range(6)]
        if name == "erik":
            pages = [("ce", "GetCostAndUsage"), ("budgets", "DescribeBudgets"), ("ce", "GetCostForecast")]
        if name == "dana":
            pages = [("guardduty", "ListDetectors"), ("guardduty", "GetFindings"), ("securityhub", "GetFindings"), ("config", "DescribeComplianceByConfigRule"),
                     ("access-analyzer", "ListFindings"), ("cloudtrail", "DescribeTrails"), ("cloudtrail", "LookupEvents"), ("iam", "GetCredentialReport")]
        browse(time + timedelta(minutes=2), account, who, name, pages)
        if name == "carol" and day % 9 == 2:
            denied = ("AccessDenied", f"User: {who['arn']} is not authorized to perform: s3:GetBucketPolicy on resource: \"arn:aws:s3:::acme-payroll\"")
            call(time + timedelta(minutes=9), account, who, "s3", "GetBucketPolicy", {"bucketName": "acme-payroll"}, None, OFFICE[name], CHROME, denied)
        if name == "bob" and day % 3 == 1:
            target, ssm = pick(["i-0a1b2c3d4e5f60001", "i-0a1b2c3d4e5f60002"], day), f"bob-{guid('ssm', day)[:17].replace('-', '')}"
            call(time + timedelta(minutes=31), account, who, "ssm", "StartSession", {"target": target}, {"sessionId": ssm}, OFFICE[name])
            call(time + timedelta(minutes=52), account, who, "ssm", "TerminateSession", {"sessionId": ssm}, {"sessionId": ssm}, OFFICE[name])
        if name == "alice":
            administer(day, time + timedelta(minutes=40), account, who)


def administer(day, time, account, who):
    """Changes of the administrator: joiners, rotations, stacks, rules of the network."""
    ip, step = OFFICE["alice"], lambda minutes: time + timedelta(minutes=minutes)
    for joined, name in ((3, "grace"), (17, "henry")):
        if day == joined:
            call(step(0), account, who, "iam", "CreateUser", {"userName": name}, {"user": {"userName": name, "arn": f"arn:aws:iam::{account}:user/{name}"}}, ip, CHROME)
            call(step(1), account, who, "iam", "CreateLoginProfile", {"userName": name, "passwordResetRequired": True},
                 {"loginProfile": {"userName": name, "passwordResetRequired": True}}, ip, CHROME)
            call(step(2), account, who, "iam", "AddUserToGroup", {"userName": name, "groupName": "developers"}, None, ip, CHROME)
            own = user(account, name)
            call(step(61), account, own, "signin", "ConsoleLogin", None, {"ConsoleLogin": "Success"}, OFFICE[name], CHROME,
                 more={"MFAUsed": "No", "MobileVersion": "No"}, eventType="AwsConsoleSignIn", readOnly=False)
            call(step(62), account, own, "iam", "ChangePassword", None, None, OFFICE[name], CHROME)
            call(step(65), account, own, "iam", "CreateVirtualMFADevice", {"virtualMFADeviceName": name},
                 {"virtualMFADevice": {"serialNumber": f"arn:aws:iam::{account}:mfa/{name}"}}, OFFICE[name], CHROME)
            call(step(66), account, own, "iam", "EnableMFADevice", {"userName": name, "serialNumber": f"arn:aws:iam::{account}:mfa/{name}"}, None, OFFICE[name], CHROME)
    if day == 10:
        key = label("AKIA", "reporting2", 20)
        call(step(0), account, who, "iam", "CreateAccessKey", {"userName": "svc-reporting"},
             {"accessKey": {"userName": "svc-reporting", "accessKeyId": key, "status": "Active"}}, ip, CHROME)
        call(step(240), account, who, "iam", "UpdateAccessKey",
             {"userName": "svc-reporting", "accessKeyId": label("AKIA", "reporting1", 20), "status": "Inactive"}, None, ip, CHROME)
    if day == 15:
        call(step(0), account, who, "iam", "DeleteAccessKey", {"userName": "svc-reporting", "accessKeyId": label("AKIA", "reporting1", 20)}, None, ip, CHROME)
    if day % 7 == 1:
        stack = {"stackName": "acme-network", "changeSetName": f"update-{day}"}
        call(step(5), account, who, "cloudformation", "CreateChangeSet", {**stack, "changeSetType": "UPDATE"}, {"id": guid("change", day)}, ip)
        call(step(9), account, who, "cloudformation", "ExecuteChangeSet", stack, None, ip)
        through = {**who, "invokedBy": "cloudformation.amazonaws.com"}
        call(step(10), account, through, "ec2", "CreateTags", {"resourcesSet": {"items": [{"resourceId": "vpc-0a1b2c3d4e5f6aaaa"}]},
             "tagSet": {"items": [{"key": "release", "value": str(day)}]}}, {"_return": True})
        call(step(11), account, through, "ec2", "AuthorizeSecurityGroupIngress", {"groupId": "sg-0a1b2c3d4e5f6cccc", "ipPermissions": {"items": [
             {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "ipRanges": {"items": [{"cidrIp": "10.0.0.0/16"}]}}]}}, {"_return": True})
        call(step(12), account, through, "logs", "PutRetentionPolicy", {"logGroupName": "/acme/network", "retentionInDays": 365}, None)
    if day == 22:
        call(step(20), account, who, "ec2", "RevokeSecurityGroupIngress", {"groupId": "sg-0a1b2c3d4e5f6cccc", "ipPermissions": {"items": [
             {"ipProtocol": "tcp", "fromPort": 8443, "toPort": 8443, "ipRanges": {"items": [{"cidrIp": "10.0.9.0/24"}]}}]}}, {"_return": True}, ip, CHROME)


def legacy_user(day):
    """An IAM user who signs in with a password and MFA, and mistypes it at times."""
    if day % 5 != 0:
        return
    who, time = user(PROD, "frank"), clock(day, 13, number(day) % 40)
    login = {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "Yes"}
    if day % 10 == 5:
        call(time - timedelta(minutes=1), PROD, who, "signin", "ConsoleLogin", None, {"ConsoleLogin": "Failure"}, OFFICE["frank"], CHROME, more=login,
             eventType="AwsConsoleSignIn", readOnly=False, errorMessage="Failed authentication")
    call(time, PROD, who, "signin", "ConsoleLogin", None, {"ConsoleLogin": "Success"}, OFFICE["frank"], CHROME, more=login,
         eventType="AwsConsoleSignIn", readOnly=False)
    browse(time + timedelta(minutes=1), PROD, {**who, "accessKeyId": label("ASIA", f"frank{day}", 20)}, "frank", CONSOLE[:4])


def deploy(day):
    """A release of an application and of its infrastructure by CI, which GitHub's tokens let in."""
    for release in range(2):
        account, time = (PROD, DATA)[release], clock(day, 11 + 4 * release, number(day, release) % 45)
        runner = f"192.0.2.{20 + number(day, release) % 6}"
        for role, name, agent in (("ci-deploy", f"deploy-{day}", BOTO3), ("terraform", f"plan-{day}", TERRAFORM)):
            who = session(account, role, name, time, web=f"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com")
            call(time, account, {"type": "WebIdentityUser", "principalId": f"token.actions.githubusercontent.com:repo:acme/{role}", "userName": f"repo:acme/{role}",
                 "identityProvider": "token.actions.githubusercontent.com"}, "sts", "AssumeRoleWithWebIdentity",
                 {"roleArn": f"arn:aws:iam::{account}:role/{role}", "roleSessionName": name},
                 {"credentials": {"accessKeyId": who["accessKeyId"], "expiration": text(time + timedelta(hours=1))}}, runner, agent, readOnly=True)
            if role == "ci-deploy":
                ship(day, release, time, account, who, runner)
            else:
                apply(day, release, time, account, who, runner)


def ship(day, release, time, account, who, ip):
    step = lambda seconds: time + timedelta(seconds=seconds)
    name = pick(["orders", "billing", "search"], day, release)
    call(step(20), account, who, "ecr", "GetAuthorizationToken", None, None, ip, BOTO3)
    call(step(50), account, who, "ecr", "PutImage", {"repositoryName": f"acme/{name}", "imageTag": f"r{day}"}, {"image": {"repositoryName": f"acme/{name}"}}, ip, BOTO3)
    task = f"arn:aws:ecs:{REGION}:{account}:task-definition/{name}:{day * 2 + release + 1}"
    call(step(70), account, who, "ecs", "RegisterTaskDefinition", {"family": name, "taskRoleArn": f"arn:aws:iam::{account}:role/{name}-task",
         "containerDefinitions": [{"name": name, "image": f"{account}.dkr.ecr.{REGION}.amazonaws.com/acme/{name}:r{day}"}]},
         {"taskDefinition": {"taskDefinitionArn": task}}, ip, BOTO3)
    call(step(80), account, who, "ecs", "UpdateService", {"cluster": "acme", "service": name, "taskDefinition": task}, {"service": {"serviceName": name}}, ip, BOTO3)
    for action, request in (("UpdateFunctionCode20150331v2", {"functionName": f"{name}-events", "s3Bucket": "acme-releases", "s3Key": f"{name}/{day}.zip"}),
                            ("PublishVersion20150331", {"functionName": f"{name}-events"}),
                            ("UpdateAlias20150331", {"functionName": f"{name}-events", "name": "live", "functionVersion": str(day + 1)})):
        call(step(90 + len(action)), account, who, "lambda", action, request, {"functionName": f"{name}-events"}, ip, BOTO3)
    for at in range(4):
        call(step(130 + 15 * at), account, who, "ecs", "DescribeServices", {"cluster": "acme", "services": [name]}, None, ip, BOTO3)


def apply(day, release, time, account, who, ip):
    step = lambda seconds: time + timedelta(seconds=300 + seconds)
    for at, (source, action) in enumerate([("ec2", "DescribeVpcs"), ("ec2", "DescribeSubnets"), ("ec2", "DescribeSecurityGroups"), ("iam", "GetRole"),
                                           ("iam", "ListRolePolicies"), ("iam", "GetPolicy"), ("s3", "GetBucketPolicy"), ("s3", "GetBucketEncryption"),
                                           ("kms", "DescribeKey"), ("logs", "DescribeLogGroups"), ("dynamodb", "DescribeTable"), ("sqs", "GetQueueAttributes")]):
        call(step(2 * at), account, who, source, action, None, None, ip, TERRAFORM)
    bucket, role = f"acme-app-{day}-{release}", f"app-{day}-{release}"
    if day % 6 == 1:
        statement = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:role/{role}"},
                                                           "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]}
        block = {"RestrictPublicBuckets": True, "BlockPublicPolicy": True, "BlockPublicAcls": True, "IgnorePublicAcls": True}
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        for at, (source, action, request) in enumerate([
            ("iam", "CreateRole", {"roleName": role, "assumeRolePolicyDocument": json.dumps(trust)}),
            ("iam", "AttachRolePolicy", {"roleName": role, "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"}),
            ("iam", "PutRolePolicy", {"roleName": role, "policyName": "read", "policyDocument": json.dumps({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]})}),
            ("s3", "CreateBucket", {"bucketName": bucket}),
            ("s3", "PutBucketPublicAccessBlock", {"bucketName": bucket, "publicAccessBlock": "", "PublicAccessBlockConfiguration": block}),
            ("s3", "PutBucketEncryption", {"bucketName": bucket, "ServerSideEncryptionConfiguration": {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}}}),
            ("s3", "PutBucketPolicy", {"bucketName": bucket, "bucketPolicy": statement}),
            ("logs", "CreateLogGroup", {"logGroupName": f"/acme/{role}"}),
            ("logs", "PutRetentionPolicy", {"logGroupName": f"/acme/{role}", "retentionInDays": 365}),
        ]):
            call(step(40 + 3 * at), account, who, source, action, request, None, ip, TERRAFORM)
    if day % 10 == 8:
        call(step(90), account, who, "iam", "CreatePolicyVersion", {"policyArn": f"arn:aws:iam::{account}:policy/app-read", "setAsDefault": True,
             "policyDocument": json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": f"arn:aws:sqs:{REGION}:{account}:orders"}]})},
             {"policyVersion": {"versionId": f"v{day // 10 + 2}", "isDefaultVersion": True}}, ip, TERRAFORM)
        call(step(95), account, who, "iam", "DeletePolicyVersion", {"policyArn": f"arn:aws:iam::{account}:policy/app-read", "versionId": f"v{day // 10 + 1}"}, None, ip, TERRAFORM)


def machines(day):
    """What runs by itself, on every day: backups, scaling, applications, AWS Config and others that read."""
    for account in (PROD, DATA):
        backup = session(account, "AWSBackupDefaultServiceRole", "AWSBackup-Automatic", clock(day, 3), "service-role/")
        backup["invokedBy"] = "backup.amazonaws.com"
        volume, snapshot = "vol-0d1b2c3d4e5f60001", f"snap-0{guid('snap', account, day).replace('-', '')[:16]}"
        call(clock(day, 3, 5), account, backup, "ec2", "CreateSnapshot", {"volumeId": volume}, {"snapshotId": snapshot, "volumeId": volume})
        call(clock(day, 3, 9), account, backup, "rds", "CreateDBSnapshot", {"dBInstanceIdentifier": "acme-db", "dBSnapshotIdentifier": f"awsbackup-{day}"},
             {"dBSnapshotIdentifier": f"awsbackup-{day}"})
        if day >= 7:
            old = f"snap-0{guid('snap', account, day - 7).replace('-', '')[:16]}"
            call(clock(day, 4, 2), account, backup, "ec2", "DeleteSnapshot", {"snapshotId": old}, {"_return": True})
        scaling = session(account, "AWSServiceRoleForAutoScaling", "AutoScaling", clock(day, 7), "aws-service-role/autoscaling.amazonaws.com/")
        scaling["invokedBy"] = "autoscaling.amazonaws.com"
        instance = f"i-0{guid('scaled', account, day).replace('-', '')[:16]}"
        call(clock(day, 7, 30), account, scaling, "ec2", "RunInstances", {"instanceType": "t3.medium", "instancesSet": {"items": [{"imageId": "ami-0abcdef1234567890", "minCount": 1, "maxCount": 1}]},
             "iamInstanceProfile": {"name": "web-server"}}, {"instancesSet": {"items": [{"instanceId": instance, "privateIpAddress": f"10.0.1.{20 + day}"}]}})
        call(clock(day, 19, 10), account, scaling, "ec2", "TerminateInstances", {"instancesSet": {"items": [{"instanceId": instance}]}},
             {"instancesSet": {"items": [{"instanceId": instance}]}})
        web = session(account, "web-server", instance, clock(day, 7, 32))
        call(clock(day, 7, 32), account, service("ec2"), "sts", "AssumeRole", {"roleArn": f"arn:aws:iam::{account}:role/web-server", "roleSessionName": instance},
             {"credentials": {"accessKeyId": web["accessKeyId"], "expiration": text(clock(day, 13))}}, sharedEventID=guid("shared", account, day), readOnly=True)
        for hour in range(8, 19, 2):
            call(clock(day, hour, 4), account, web, "ssm", "UpdateInstanceInformation", {"instanceId": instance}, None, f"10.0.1.{20 + day}", "aws-sdk-go/1.51.0 amazon-ssm-agent/3.3.131.0",
                 vpcEndpointId="vpce-0a1b2c3d4e5f6eeee")
        task = session(account, "orders-task", f"{guid('task', account, day).replace('-', '')}", clock(day, 0, 20))
        call(clock(day, 0, 20), account, service("ecs-tasks"), "sts", "AssumeRole", {"roleArn": f"arn:aws:iam::{account}:role/orders-task", "roleSessionName": task["arn"].rsplit("/", 1)[1]},
             {"credentials": {"accessKeyId": task["accessKeyId"], "expiration": text(clock(day, 6))}}, sharedEventID=guid("shared task", account, day), readOnly=True)
        for hour in range(0, 24, 6):
            call(clock(day, hour, 21), account, task, "secretsmanager", "GetSecretValue", {"secretId": "acme/orders/db"}, None, "10.0.2.11", BOTO3, vpcEndpointId="vpce-0a1b2c3d4e5f6eeee")
            call(clock(day, hour, 21, 1), account, {**task, "invokedBy": "secretsmanager.amazonaws.com"}, "kms", "Decrypt", {"encryptionContext": {"SecretARN": f"arn:aws:secretsmanager:{REGION}:{account}:secret:acme/orders/db"}}, None)
        reader = session(account, "AWSServiceRoleForConfig", "configLambdaExecution", clock(day, 1), "aws-service-role/config.amazonaws.com/")
        reader["invokedBy"] = "config.amazonaws.com"
        for at, (source, action) in enumerate([("ec2", "DescribeInstances"), ("ec2", "DescribeSecurityGroups"), ("ec2", "DescribeVolumes"), ("s3", "GetBucketPolicyStatus"),
                                               ("s3", "GetBucketEncryption"), ("iam", "ListUsers"), ("iam", "GetAccountPasswordPolicy"), ("rds", "DescribeDBInstances"),
                                               ("cloudtrail", "DescribeTrails"), ("cloudtrail", "GetTrailStatus"), ("lambda", "ListFunctions20150331"), ("kms", "ListKeys")]):
            call(clock(day, 1 + at % 2 * 12, 3 * at), account, reader, source, action)
        guard = session(account, "AWSServiceRoleForAmazonGuardDuty", "GuardDuty", clock(day, 2), "aws-service-role/guardduty.amazonaws.com/")
        guard["invokedBy"] = "guardduty.amazonaws.com"
        for hour in (2, 14):
            call(clock(day, hour, 11), account, guard, "ec2", "DescribeInstances")
            call(clock(day, hour, 12), account, guard, "organizations", "DescribeOrganization")
    key = label("AKIA", "reporting2" if day > 10 else "reporting1", 20)
    reporting = {**user(PROD, "svc-reporting"), "accessKeyId": key}
    for hour in (5, 17):
        call(clock(day, hour, 1), PROD, reporting, "athena", "StartQueryExecution", {"workGroup": "reports", "queryString": "***OMITTED***"}, {"queryExecutionId": guid("athena", day, hour)},
             OFFICE["svc-reporting"], BOTO3)
        call(clock(day, hour, 3), PROD, reporting, "athena", "GetQueryExecution", {"queryExecutionId": guid("athena", day, hour)}, None, OFFICE["svc-reporting"], BOTO3)


def main(out):
    for day in range(DAYS):
        machines(day)
        if (START + timedelta(days=day)).weekday() < 5:
            people(day)
            legacy_user(day)
            deploy(day)
    total = 0
    for (account, date), found in sorted(records.items()):
        found.sort(key=lambda record: (record["eventTime"], record["eventID"]))
        total += len(found)
        delivered = (date + timedelta(days=1)).strftime("%Y%m%d")
        name = f"{account}_CloudTrail_{REGION}_{delivered}T0005Z_{guid('file', account, date).replace('-', '')[:16]}.json.gz"
        path = Path(out, "AWSLogs", account, "CloudTrail", REGION, date.strftime("%Y/%m/%d"), name)
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as file:
            file.write(json.dumps({"Records": found}, separators=(",", ":")).encode())
        path.write_bytes(packed.getvalue())
    print(f"{total} events in {len(records)} files")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "testdata" / "benign-month")
