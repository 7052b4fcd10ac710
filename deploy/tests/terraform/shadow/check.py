"""Rewrites what Terraform does not check into CloudFormation's spelling and has cfn-lint look at it.

Usage: check.py STATE_OR_PLAN.json, as `terraform show -json` gives it. Needs cfn-lint beside the Python that runs this.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# A rule of cfn-lint that does not fit what is rewritten here, and why.
IGNORED = {
    "W3010": "zones are named by the subnets already",
    "I3011": "what happens to a database at the end is Terraform's to say",
    "I3013": "retention is said by the copied property",
    "W3691": "RDS takes the newest minor release of a major version; cfn-lint wants one named",
}


def pascal(value):
    """Keys as CloudFormation spells them, except where they are names that a person chose."""
    if isinstance(value, dict):
        free = ("options", "dockerLabels")
        return {k[0].upper() + k[1:]: v if k in free else pascal(v) for k, v in value.items()}
    return [pascal(v) for v in value] if isinstance(value, list) else value


def database(v):
    if v.get("replicate_source_db"):
        return None
    return "AWS::RDS::DBInstance", {
        "Engine": v["engine"], "EngineVersion": v["engine_version"], "DBInstanceClass": v["instance_class"],
        "AllocatedStorage": str(v["allocated_storage"]), "StorageType": v["storage_type"],
        "BackupRetentionPeriod": v["backup_retention_period"], "PreferredBackupWindow": v["backup_window"],
        "PreferredMaintenanceWindow": v["maintenance_window"],
        "EnableCloudwatchLogsExports": v["enabled_cloudwatch_logs_exports"],
        "MonitoringInterval": v["monitoring_interval"], "MonitoringRoleArn": v.get("monitoring_role_arn"),
        "PerformanceInsightsRetentionPeriod": v["performance_insights_retention_period"],
        "EnablePerformanceInsights": v["performance_insights_enabled"],
        "StorageEncrypted": v["storage_encrypted"], "PubliclyAccessible": v["publicly_accessible"],
        "MasterUsername": v["username"], "ManageMasterUserPassword": True,
    }


def task(v):
    return "AWS::ECS::TaskDefinition", {
        "Cpu": str(v["cpu"]), "Memory": str(v["memory"]), "NetworkMode": v["network_mode"],
        "RequiresCompatibilities": v["requires_compatibilities"],
        "ContainerDefinitions": pascal(json.loads(v["container_definitions"])),
        "Volumes": [{"Name": volume["name"]} for volume in v["volume"]],
    }


def cache(v):
    return "AWS::ElastiCache::ReplicationGroup", {
        "ReplicationGroupDescription": v["description"], "Engine": v["engine"], "EngineVersion": v["engine_version"],
        "CacheNodeType": v["node_type"], "NumCacheClusters": v["num_cache_clusters"],
        "TransitEncryptionEnabled": v["transit_encryption_enabled"],
        "AtRestEncryptionEnabled": v["at_rest_encryption_enabled"],
        "SnapshotWindow": v["snapshot_window"], "PreferredMaintenanceWindow": v["maintenance_window"],
        "AutomaticFailoverEnabled": v["automatic_failover_enabled"],
    }


def target(v):
    return "AWS::ApplicationAutoScaling::ScalableTarget", {
        "ServiceNamespace": v["service_namespace"], "ScalableDimension": v["scalable_dimension"],
        "ResourceId": v.get("resource_id") or "service/a/b", "MinCapacity": v["min_capacity"], "MaxCapacity": v["max_capacity"],
    }


def policy(v):
    tracked, step = v["target_tracking_scaling_policy_configuration"], v["step_scaling_policy_configuration"]
    found = {"PolicyName": v["name"], "PolicyType": v["policy_type"], "ServiceNamespace": v["service_namespace"],
             "ScalableDimension": v["scalable_dimension"], "ResourceId": v.get("resource_id") or "service/a/b"}
    if tracked:
        rule = {"TargetValue": tracked[0]["target_value"], "ScaleInCooldown": tracked[0]["scale_in_cooldown"],
                "ScaleOutCooldown": tracked[0]["scale_out_cooldown"], "DisableScaleIn": tracked[0]["disable_scale_in"]}
        for known in tracked[0]["predefined_metric_specification"]:
            rule["PredefinedMetricSpecification"] = {"PredefinedMetricType": known["predefined_metric_type"]}
        for own in tracked[0]["customized_metric_specification"]:
            rule["CustomizedMetricSpecification"] = {
                "Namespace": own["namespace"], "MetricName": own["metric_name"], "Statistic": own["statistic"]}
        found["TargetTrackingScalingPolicyConfiguration"] = rule
    if step:
        found["StepScalingPolicyConfiguration"] = {
            "AdjustmentType": step[0]["adjustment_type"], "Cooldown": step[0]["cooldown"],
            "MetricAggregationType": step[0]["metric_aggregation_type"],
            "StepAdjustments": [
                {name: number for name, number in (
                    ("ScalingAdjustment", s["scaling_adjustment"]),
                    ("MetricIntervalLowerBound", s["metric_interval_lower_bound"] or None),
                    ("MetricIntervalUpperBound", s["metric_interval_upper_bound"] or None)) if number is not None}
                for s in step[0]["step_adjustment"]],
        }
        for adjustment in found["StepScalingPolicyConfiguration"]["StepAdjustments"]:
            for bound in [b for b in adjustment if b.startswith("Metric")]:
                adjustment[bound] = float(adjustment[bound])
    return "AWS::ApplicationAutoScaling::ScalingPolicy", found


def alarm(v):
    return "AWS::CloudWatch::Alarm", {
        "ComparisonOperator": v["comparison_operator"], "EvaluationPeriods": v["evaluation_periods"],
        "Namespace": v["namespace"] or None, "MetricName": v["metric_name"] or None, "Period": v["period"] or None,
        "Statistic": v["statistic"] or None, "ExtendedStatistic": v["extended_statistic"] or None,
        "Threshold": v["threshold"], "TreatMissingData": v["treat_missing_data"],
        "Metrics": [
            {"Id": q["id"], "Expression": q["expression"] or None, "Label": q["label"] or None} if q["expression"] else
            {"Id": q["id"], "ReturnData": False, "MetricStat": {"Stat": m["stat"], "Period": m["period"],
             "Metric": {"Namespace": m["namespace"], "MetricName": m["metric_name"]}}}
            for q in v["metric_query"] for m in (q["metric"] or [{}])],
    }


def listener(v):
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:"
    return "AWS::ElasticLoadBalancingV2::Listener", {
        "LoadBalancerArn": arn + "loadbalancer/app/a/0123456789abcdef", "Port": v["port"], "Protocol": v["protocol"],
        "SslPolicy": v["ssl_policy"] or None,
        "Certificates": [{"CertificateArn": v["certificate_arn"]}] if v["certificate_arn"] else None,
        "DefaultActions": [{"Type": "forward", "TargetGroupArn": arn + "targetgroup/a/0123456789abcdef"}],
    }


def logs(v):
    return "AWS::Logs::LogGroup", {"LogGroupName": v["name"], "RetentionInDays": v["retention_in_days"]}


def queue_of_builds(v):
    return "AWS::CodeDeploy::DeploymentGroup", {
        "ApplicationName": v["app_name"], "ServiceRoleArn": v["service_role_arn"],
        "DeploymentConfigName": v["deployment_config_name"],
        "DeploymentStyle": pascal({"deploymentType": v["deployment_style"][0]["deployment_type"],
                                   "deploymentOption": v["deployment_style"][0]["deployment_option"]}),
        "AutoRollbackConfiguration": pascal({"enabled": True, "events": v["auto_rollback_configuration"][0]["events"]}),
    }


def role(v):
    return "AWS::IAM::Role", {"AssumeRolePolicyDocument": json.loads(v["assume_role_policy"])}


def permissions(v):
    return "AWS::IAM::ManagedPolicy", {"PolicyDocument": json.loads(v["policy"])}


REWRITTEN = {
    "aws_db_instance": database, "aws_ecs_task_definition": task, "aws_elasticache_replication_group": cache,
    "aws_appautoscaling_target": target, "aws_appautoscaling_policy": policy, "aws_cloudwatch_metric_alarm": alarm,
    "aws_lb_listener": listener, "aws_cloudwatch_log_group": logs, "aws_codedeploy_deployment_group": queue_of_builds,
    "aws_iam_role": role, "aws_iam_role_policy": permissions,
}


def without_empty(value):
    if isinstance(value, dict):
        return {k: without_empty(v) for k, v in value.items() if v is not None and v != []}
    return [without_empty(v) for v in value] if isinstance(value, list) else value


def resources(module):
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources(child)


def template(shown):
    """The template, and by its names the addresses in Terraform."""
    found, addresses = {}, {}
    for resource in resources((shown.get("planned_values") or shown["values"])["root_module"]):
        rewrite = REWRITTEN.get(resource["type"])
        rewritten = rewrite(resource["values"]) if rewrite and resource["mode"] == "managed" else None
        if rewritten:
            name = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", resource["address"]))
            found[name] = {"Type": rewritten[0], "Properties": without_empty(rewritten[1])}
            addresses[name] = resource["address"]
    return {"Resources": found}, addresses


def lint(shown):
    """What cfn-lint finds, as (rule, address, message)."""
    made, addresses = template(shown)
    with tempfile.TemporaryDirectory() as folder:
        target_file = Path(folder) / "shadow.json"
        target_file.write_text(json.dumps(made, indent=1))
        command = [str(Path(sys.executable).parent / "cfn-lint"), "-t", str(target_file), "--format", "json"]
        command += ["--ignore-checks", *IGNORED]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode not in range(16) or not done.stdout.strip():
        raise SystemExit(f"cfn-lint failed: {done.stderr}")
    findings = []
    for found in json.loads(done.stdout):
        path = found["Location"]["Path"] or []
        name = path[1] if len(path) > 1 else ""
        findings.append((found["Rule"]["Id"], addresses.get(name, name), found["Message"]))
    return len(addresses), findings


if __name__ == "__main__":
    count, findings = lint(json.loads(Path(sys.argv[1]).read_text()))
    for rule, address, message in findings:
        print(f"  {rule} {address}: {message}")
    if findings:
        raise SystemExit(f"FAILED: the shadow check found {len(findings)} faults in {count} resources")
    print(f"  ok: the shadow check finds no fault in {count} rewritten resources")
