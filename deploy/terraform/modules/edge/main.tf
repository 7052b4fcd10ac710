locals {
  tls      = var.domain != ""
  listener = local.tls ? aws_lb_listener.https[0].arn : aws_lb_listener.http.arn
  switched = { for name, s in var.services : name => s if s.blue_green }
  rolling  = { for name, s in var.services : name => s if !s.blue_green }

  # blue for every service, green beside it where CodeDeploy switches.
  groups = merge(
    { for name, s in var.services : "${name}-blue" => s },
    { for name, s in local.switched : "${name}-green" => s },
  )
}

resource "aws_security_group" "this" {
  name        = "${var.name}-balancer"
  description = "The web from anywhere"
  vpc_id      = var.vpc_id
  tags        = { Name = "${var.name}-balancer" }
}

resource "aws_vpc_security_group_ingress_rule" "web" {
  for_each          = { http = 80, https = 443 }
  security_group_id = aws_security_group.this.id
  description       = each.key
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_lb" "this" {
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.subnet_ids
  security_groups            = [aws_security_group.this.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protected
  idle_timeout               = var.idle_seconds

  dynamic "access_logs" {
    for_each = module.logs[*].name
    content {
      bucket  = access_logs.value
      enabled = true
    }
  }
}

resource "aws_lb_target_group" "this" {
  for_each             = local.groups
  name                 = "${var.name}-${each.key}"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = each.value.port
  deregistration_delay = each.value.drain_seconds
  slow_start           = each.value.slow_start_second

  health_check {
    path                = each.value.health_path
    matcher             = "200"
    interval            = each.value.health_seconds
    timeout             = each.value.health_timeout
    healthy_threshold   = each.value.healthy_after
    unhealthy_threshold = each.value.unhealthy_after
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = local.tls ? "redirect" : "fixed-response"

    dynamic "redirect" {
      for_each = local.tls ? [1] : []
      content {
        port        = "443"
        protocol    = "HTTPS"
        status_code = "HTTP_301"
      }
    }

    dynamic "fixed_response" {
      for_each = local.tls ? [] : [1]
      content {
        content_type = "text/plain"
        message_body = "There is nothing here.\n"
        status_code  = "404"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count             = local.tls ? 1 : 0
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = var.ssl_policy
  certificate_arn   = aws_acm_certificate_validation.this[0].certificate_arn

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      message_body = "There is nothing here.\n"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "rolling" {
  for_each     = local.rolling
  listener_arn = local.listener
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["${each.key}-blue"].arn
  }

  condition {
    path_pattern {
      values = each.value.paths
    }
  }
}

# Where the tasks that start beside the running ones can be tried before people get there. CodeDeploy moves it, too.
resource "aws_lb_listener" "test" {
  for_each          = local.switched
  load_balancer_arn = aws_lb.this.arn
  port              = each.value.test_port
  protocol          = local.tls ? "HTTPS" : "HTTP"
  ssl_policy        = local.tls ? var.ssl_policy : null
  certificate_arn   = local.tls ? aws_acm_certificate_validation.this[0].certificate_arn : null

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["${each.key}-green"].arn
  }

  lifecycle {
    ignore_changes = [default_action]
  }
}

resource "aws_vpc_security_group_ingress_rule" "test" {
  for_each          = { for pair in setproduct(keys(local.switched), var.testers) : "${pair[0]} ${pair[1]}" => { port = local.switched[pair[0]].test_port, from = pair[1] } }
  security_group_id = aws_security_group.this.id
  description       = "Trial of ${split(" ", each.key)[0]}"
  cidr_ipv4         = each.value.from
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

# CodeDeploy points it to green and back.
resource "aws_lb_listener_rule" "switched" {
  for_each     = local.switched
  listener_arn = local.listener
  priority     = each.value.priority

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this["${each.key}-blue"].arn
  }

  condition {
    path_pattern {
      values = each.value.paths
    }
  }

  lifecycle {
    ignore_changes = [action]
  }
}
