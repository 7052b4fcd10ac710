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
