"""What checkov finds and we leave so: check, where (a pattern of the address), and why."""

SKIPS = [
    ("CKV_AWS_260", r"edge\.aws_(vpc_security_group_ingress_rule\.web|security_group\.this)", "port 80 is open to lead people to HTTPS"),
    ("CKV_AWS_378", r"edge\.aws_lb_target_group", "TLS ends at the balancer; its way to the tasks lies in private subnets, between two groups"),
    ("CKV2_AWS_71", r"edge\.aws_acm_certificate", "one certificate for the name and what lies below it, as the original has it; its key never leaves AWS"),
    ("CKV2_AWS_76", r"edge\.aws_lb", "the firewall has the set against Log4j; checkov does not see a set whose name comes from a list"),
    ("CKV2_AWS_28", r"edge\.aws_lb", "the counselling platform was asked for without a firewall; module edge has one for whoever wants it"),
    ("CKV2_AWS_5", r"task.*\.aws_security_group|migration\.aws_security_group", "the services use these groups; checkov does not follow them through a variable that is an object"),
    ("CKV_AWS_338", r"aws_cloudwatch_log_group", "7, 14 or 30 days were asked for, by environment; who did what is in the program's own audit log"),
    ("CKV_AWS_157", r"postgres\.aws_db_instance\.this", "phases below scale do without a standby for its price; a restore takes half an hour"),
    ("CKV_AWS_161", r"postgres\.aws_db_instance", "the server signs in by password, made by Terraform and kept in SSM; tokens of IAM last fifteen minutes"),
    ("CKV2_AWS_50", r"cache\.aws_elasticache", "below scale the cache is one node: without it the server counts and wakes by itself"),
    ("CKV2_AWS_57", r"secrets\.aws_secretsmanager_secret", "secrets are made anew by secrets_revision, which takes the tasks along; OpenAI's key is not ours to make"),
    ("CKV_AWS_18", r"aws_s3_bucket\.this", "reads of files are in the program's audit log, and the other bucket is itself the one of logs"),
    ("CKV2_AWS_62", r"aws_s3_bucket\.this", "nobody waits for events of a bucket"),
    ("CKV_AWS_144", r"aws_s3_bucket\.this", "uploads can be sent again and logs end after days; the second region was asked for secrets alone"),
    ("CKV_AWS_21", r"logs\[0\]\.aws_s3_bucket\.this", "access logs are written once and end after a week"),
    ("CKV_AWS_145", r"logs\[0\]\.aws_s3_bucket\.this", "the balancer cannot write access logs under a key of one's own"),
]
