"""What has to exist after an apply, asked of the interfaces themselves and not of Terraform."""

import json
import os

import boto3

# What the phases of AccuNode differ in.
PHASE = {
    "minimal": {"replicas": 0, "multi_az": False, "api": (1, 2), "worker": (1, 2)},
    "startup": {"replicas": 0, "multi_az": False, "api": (2, 4), "worker": (2, 6)},
    "growth": {"replicas": 0, "multi_az": False, "api": (3, 4), "worker": (4, 6)},
    "scale": {"replicas": 1, "multi_az": True, "api": (4, 8), "worker": (6, 12)},
}[os.environ.get("ACCUNODE_REHEARSAL_PHASE", "startup")]


def check(stack, environment, expect):
    name = f"{stack}-{environment}"
    network(name, expect)
    balancer(name, expect)
    files(name, expect)
    watched(name, expect)
    {"accunode": accunode, "counselor": counselor}[stack](name, expect)


def secrets(stack, environment):
    """The values that were made, by name."""
    if stack == "counselor":
        found = boto3.client("secretsmanager").get_secret_value(SecretId=f"counselor/{environment}")
        return json.loads(found["SecretString"])
    found = boto3.client("ssm").get_parameters_by_path(Path=f"/accunode/{environment}", WithDecryption=True)["Parameters"]
    values = {p["Name"].rsplit("/", 1)[1]: p["Value"] for p in found}
    password = values["database-url"].split(":", 2)[2].split("@", 1)[0]
    return {"secret-key": values["secret-key"], "database-password": password}


def check_gone(stack, environment, expect):
    name = f"{stack}-{environment}"
    named = [{"Name": "tag:Name", "Values": [name]}]
    expect("no network is left", not boto3.client("ec2").describe_vpcs(Filters=named)["Vpcs"])
    balancers = boto3.client("elbv2").describe_load_balancers()["LoadBalancers"]
    expect("no balancer is left", not [b for b in balancers if b["LoadBalancerName"] == name])
    databases = boto3.client("rds").describe_db_instances()["DBInstances"]
    expect("no database is left", not [d for d in databases if d["DBInstanceIdentifier"].startswith(name)])
    buckets = boto3.client("s3").list_buckets()["Buckets"]
    expect("no bucket is left", not [b for b in buckets if b["Name"].startswith(name)])
    roles = boto3.client("iam").get_paginator("list_roles").paginate().build_full_result()["Roles"]
    expect("no role is left", not [r for r in roles if r["RoleName"].startswith(name)])


def network(name, expect):
    ec2 = boto3.client("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [name]}])["Vpcs"][0]
    expect("the network is 10.0.0.0/16", vpc["CidrBlock"] == "10.0.0.0/16", vpc)
    mine = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    subnets = ec2.describe_subnets(Filters=mine)["Subnets"]
    tiers = {}
    for subnet in subnets:
        tier = next(tag["Value"] for tag in subnet["Tags"] if tag["Key"] == "Tier")
        tiers.setdefault(tier, set()).add(subnet["AvailabilityZone"])
        expect(f"nothing in {tier} {subnet['CidrBlock']} gets a public address", not subnet["MapPublicIpOnLaunch"])
    expect("public and private subnets lie in two zones", len(tiers["public"]) == len(tiers["private"]) == 2, tiers)
    tables = ec2.describe_route_tables(Filters=mine)["RouteTables"]
    for tier, way in (("private", "NatGatewayId"), ("public", "GatewayId")):
        ids = {s["SubnetId"] for s in subnets if {"Key": "Tier", "Value": tier} in s["Tags"]}
        routes = [r for t in tables for r in t["Routes"] if ids & {a.get("SubnetId") for a in t["Associations"]}]
        out = [r for r in routes if r.get("DestinationCidrBlock") == "0.0.0.0/0"]
        expect(f"{tier} subnets go out by {way}", out and all(r.get(way) for r in out), out)
    rules = ec2.describe_security_group_rules()["SecurityGroupRules"]
    groups = {g["GroupId"]: g["GroupName"] for g in ec2.describe_security_groups(Filters=mine)["SecurityGroups"]}
    opened = {
        (groups[r["GroupId"]], r["FromPort"])
        for r in rules
        if r["GroupId"] in groups and not r["IsEgress"] and r.get("CidrIpv4") == "0.0.0.0/0"
    }
    web = {(f"{name}-balancer", 80), (f"{name}-balancer", 443)}
    expect("only the balancer is open to anybody, on 80 and 443", opened == web, opened)


def balancer(name, expect):
    elb = boto3.client("elbv2")
    found = elb.describe_load_balancers(Names=[name])["LoadBalancers"][0]
    listeners = {x["Port"]: x for x in elb.describe_listeners(LoadBalancerArn=found["LoadBalancerArn"])["Listeners"]}
    action = listeners[80]["DefaultActions"][0]
    expect("HTTP leads to HTTPS", action["Type"] == "redirect" and action["RedirectConfig"]["Protocol"] == "HTTPS", action)
    expect("HTTPS wants TLS 1.2 at least", listeners[443]["SslPolicy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06", listeners[443])
    rules = elb.describe_rules(ListenerArn=listeners[443]["ListenerArn"])["Rules"]
    expect("every other path is answered with 404", [r for r in rules if r["IsDefault"]][0]["Actions"][0]["Type"] == "fixed-response", rules)
    for group in elb.describe_target_groups()["TargetGroups"]:
        if group["TargetGroupName"].startswith(name):
            right = group["HealthCheckPath"] == "/health" and group["TargetType"] == "ip"
            expect(f"{group['TargetGroupName']} asks /health of addresses", right, group)


def files(name, expect):
    s3 = boto3.client("s3")
    for bucket in [b["Name"] for b in s3.list_buckets()["Buckets"] if b["Name"].startswith(name)]:
        blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        expect(f"{bucket} is private", all(blocked.values()), blocked)
        s3.get_bucket_encryption(Bucket=bucket)
        policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        refused = [s for s in policy["Statement"] if s["Effect"] == "Deny" and "aws:SecureTransport" in str(s)]
        expect(f"{bucket} refuses what is not encrypted on its way", refused, policy)


def watched(name, expect):
    alarms = boto3.client("cloudwatch").describe_alarms(AlarmNamePrefix=name)["MetricAlarms"]
    told = [a for a in alarms if "-scale-" not in a["AlarmName"]]
    expect("every alarm tells somebody", told and all(a["AlarmActions"] for a in told), [a["AlarmName"] for a in told])
    sns = boto3.client("sns")
    topic = next(t["TopicArn"] for t in sns.list_topics()["Topics"] if t["TopicArn"].endswith(f":{name}-alarms"))
    expect("the topic has a reader", sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"])
    groups = boto3.client("logs").describe_log_groups()["logGroups"]
    mine = [g for g in groups if name in g["logGroupName"]]
    expect("every log ends some day", mine and all(g.get("retentionInDays") for g in mine), mine)
    for repository in boto3.client("ecr").describe_repositories()["repositories"]:
        if repository["repositoryName"].startswith(name):
            right = repository["imageTagMutability"] == "IMMUTABLE" and repository["imageScanningConfiguration"]["scanOnPush"]
            expect(f"{repository['repositoryName']} is immutable and scanned", right, repository)


def accunode(name, expect):
    databases = boto3.client("rds").describe_db_instances()["DBInstances"]
    mine = [d for d in databases if d["DBInstanceIdentifier"].startswith(name)]
    expect("a database, with a replica where the phase wants one", len(mine) == 1 + PHASE["replicas"], mine)
    for database in mine:
        right = database["StorageEncrypted"] and not database["PubliclyAccessible"]
        expect(f"{database['DBInstanceIdentifier']} is encrypted and private", right, database)
    main = next(d for d in mine if d["DBInstanceIdentifier"] == name)
    expect("backups of seven days", main["BackupRetentionPeriod"] == 7, main)
    expect("the database lies in as many zones as the phase wants", main["MultiAZ"] == PHASE["multi_az"], main)

    group = boto3.client("elasticache").describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]
    expect("the cache is encrypted at rest and on the way", group["AtRestEncryptionEnabled"] and group["TransitEncryptionEnabled"], group)

    ssm = boto3.client("ssm")
    path = name.replace("accunode-", "/accunode/")
    found = ssm.get_parameters_by_path(Path=path, WithDecryption=True)["Parameters"]
    values = {p["Name"].rsplit("/", 1)[1]: p for p in found}
    expect("parameters", set(values) == {"database-url", "redis-url", "secret-key"}, list(values))
    expect("each is a SecureString", all(p["Type"] == "SecureString" for p in found))
    url = values["database-url"]["Value"]
    expect("the database's address wants TLS", url.startswith("postgres://accunode:") and url.endswith("?sslmode=require"))
    expect("the cache's address wants TLS", values["redis-url"]["Value"].startswith("rediss://:"))
    expect("the secret key has 64 characters", len(values["secret-key"]["Value"]) == 64)

    scaling = boto3.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    bounds = {t["ResourceId"].rsplit("-", 1)[1]: (t["MinCapacity"], t["MaxCapacity"]) for t in targets if name in t["ResourceId"]}
    expect("bounds of both services", bounds == {"api": PHASE["api"], "worker": PHASE["worker"]}, bounds)
    policies = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    kinds = sorted(p["PolicyName"].removeprefix(name + "-") for p in policies if name in p["ResourceId"])
    expected = ["api-ECSServiceAverageCPUUtilization", "api-slow", "worker-ECSServiceAverageCPUUtilization", "worker-backlog", "worker-queue-down", "worker-queue-up"]
    expect("scaling by CPU, response time and queue", kinds == expected, kinds)

    deploy = boto3.client("codedeploy")
    group = deploy.get_deployment_group(applicationName=f"{name}-api", deploymentGroupName=f"{name}-api")["deploymentGroupInfo"]
    back = group["autoRollbackConfiguration"]
    right = back["enabled"] and set(back["events"]) == {"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"}
    expect("CodeDeploy takes a release of the API back on failure and alarm", right, back)
    alarms = group["alarmConfiguration"]
    expect("the alarm that stops it is the one of errors", alarms["enabled"] and [a["name"] for a in alarms["alarms"]] == [f"{name}-errors"], alarms)
    routes = group["loadBalancerInfo"]["targetGroupPairInfoList"][0]
    expect("it has a listener for trials", routes["testTrafficRoute"]["listenerArns"] != routes["prodTrafficRoute"]["listenerArns"], routes)
    firewalls = boto3.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]
    expect("a firewall", [f for f in firewalls if f["Name"] == name], firewalls)


def counselor(name, expect):
    client = boto3.client("secretsmanager")
    path = name.replace("counselor-", "counselor/")
    value = json.loads(client.get_secret_value(SecretId=path)["SecretString"])
    names = {"OPENAI_API_KEY", "JWT_SECRET", "SESSION_SECRET", "ENCRYPTION_KEY", "WEBHOOK_SECRET"}
    expect("one secret holds five values", set(value) == names, list(value))
    key = value["ENCRYPTION_KEY"]
    expect("the key for encryption has 64 hexadecimal digits", len(key) == 64 and set(key) <= set("0123456789abcdef"))
    ecs = boto3.client("ecs")
    services = ecs.describe_services(cluster=name, services=[f"{name}-frontend", f"{name}-backend"])["services"]
    ports = {s["serviceName"].rsplit("-", 1)[1]: [b["containerPort"] for b in s["loadBalancers"]] for s in services}
    expect("both services stand behind the balancer", ports == {"frontend": [3000], "backend": [3001]}, ports)
    expect("two tasks each", all(s["desiredCount"] == 2 for s in services), services)
