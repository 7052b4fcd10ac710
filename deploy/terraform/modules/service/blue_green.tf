resource "aws_iam_role" "codedeploy" {
  count = 1 - local.rolling
  name  = "${var.name}-codedeploy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "codedeploy.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "codedeploy" {
  count      = 1 - local.rolling
  role       = aws_iam_role.codedeploy[0].name
  policy_arn = "arn:aws:iam::aws:policy/AWSCodeDeployRoleForECS"
}

resource "aws_codedeploy_app" "this" {
  count            = 1 - local.rolling
  name             = var.name
  compute_platform = "ECS"
}

resource "aws_codedeploy_deployment_group" "this" {
  count                  = 1 - local.rolling
  app_name               = aws_codedeploy_app.this[0].name
  deployment_group_name  = var.name
  service_role_arn       = aws_iam_role.codedeploy[0].arn
  deployment_config_name = "CodeDeployDefault.ECSAllAtOnce"

  deployment_style {
    deployment_type   = "BLUE_GREEN"
    deployment_option = "WITH_TRAFFIC_CONTROL"
  }

  blue_green_deployment_config {
    # With somebody who tries it at the test listener, a release waits until deploy/bin or deploy/ci lets it go on.
    deployment_ready_option {
      action_on_timeout    = var.trial_minutes == 0 ? "CONTINUE_DEPLOYMENT" : "STOP_DEPLOYMENT"
      wait_time_in_minutes = var.trial_minutes == 0 ? null : var.trial_minutes
    }

    terminate_blue_instances_on_deployment_success {
      action                           = "TERMINATE"
      termination_wait_time_in_minutes = var.blue_green_wait_minutes
    }
  }

  auto_rollback_configuration {
    enabled = true
    events  = concat(["DEPLOYMENT_FAILURE"], length(var.rollback_alarms) == 0 ? [] : ["DEPLOYMENT_STOP_ON_ALARM"])
  }

  dynamic "alarm_configuration" {
    for_each = length(var.rollback_alarms) == 0 ? [] : [1]
    content {
      enabled = true
      alarms  = var.rollback_alarms
    }
  }

  ecs_service {
    cluster_name = var.cluster.name
    service_name = aws_ecs_service.switched[0].name
  }

  load_balancer_info {
    target_group_pair_info {
      prod_traffic_route {
        listener_arns = [var.balancer.listener_arn]
      }

      dynamic "test_traffic_route" {
        for_each = var.balancer.target_groups.test_arn[*]
        content {
          listener_arns = [test_traffic_route.value]
        }
      }

      target_group {
        name = var.balancer.target_groups.blue_name
      }

      target_group {
        name = var.balancer.target_groups.green_name
      }
    }
  }
}
