output "security_group_id" {
  value = aws_security_group.this.id
}

output "listener_arn" {
  description = "Listener whose rules lead to the services."
  value       = local.listener
}

output "target_groups" {
  description = "By service: blue, and green where CodeDeploy switches. Known when the rule that uses them exists."
  value = {
    for name, s in var.services : name => {
      blue_arn   = aws_lb_target_group.this["${name}-blue"].arn
      blue_name  = aws_lb_target_group.this["${name}-blue"].name
      green_name = s.blue_green ? aws_lb_target_group.this["${name}-green"].name : null
      test_arn   = s.blue_green ? aws_lb_listener.test[name].arn : null
      suffixes   = concat([aws_lb_target_group.this["${name}-blue"].arn_suffix], s.blue_green ? [aws_lb_target_group.this["${name}-green"].arn_suffix] : [])
    }
  }
  # A service fails to start with a group that no listener uses.
  depends_on = [aws_lb_listener_rule.rolling, aws_lb_listener_rule.switched]
}

output "balancer_suffix" {
  description = "How CloudWatch names the balancer."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  value = aws_lb.this.dns_name
}

output "url" {
  value = local.tls ? "https://${var.domain}" : "http://${aws_lb.this.dns_name}"
}

output "test_urls" {
  description = "By service that CodeDeploy switches: where testers reach the standby side; none where there are no testers."
  value       = { for name, s in local.switched : name => "${local.tls ? "https://${var.domain}" : "http://${aws_lb.this.dns_name}"}:${s.test_port}" if length(var.testers) > 0 }
}

output "facts" {
  description = "What tests ask about."
  value = {
    protected    = aws_lb.this.enable_deletion_protection
    idle_seconds = aws_lb.this.idle_timeout
    logged       = length(aws_lb.this.access_logs) > 0
    http         = aws_lb_listener.http.default_action[0].type
    ssl_policy   = one(aws_lb_listener.https[*].ssl_policy)
    firewall     = one(aws_wafv2_web_acl.this[*].name)
    open_ports   = sort([for r in aws_vpc_security_group_ingress_rule.web : tostring(r.from_port)])
    test_ports   = { for name, l in aws_lb_listener.test : name => { port = l.port, protocol = l.protocol, from = sort([for r in aws_vpc_security_group_ingress_rule.test : r.cidr_ipv4]) } }
    rules = {
      for name, rule in merge(aws_lb_listener_rule.rolling, aws_lb_listener_rule.switched) : name => {
        priority = rule.priority
        paths    = sort(flatten([for c in rule.condition : [for p in c.path_pattern : p.values]]))
      }
    }
    health = { for name, group in aws_lb_target_group.this : name => merge(group.health_check[0], { port = group.port, target_type = group.target_type }) }
  }
}
