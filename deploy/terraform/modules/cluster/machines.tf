locals {
  machines = var.machines == null ? 0 : 1
}

resource "aws_iam_role" "machine" {
  count = local.machines
  name  = "${var.name}-machine"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ec2.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "machine" {
  count      = local.machines
  role       = aws_iam_role.machine[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
}

resource "aws_iam_instance_profile" "machine" {
  count = local.machines
  name  = "${var.name}-machine"
  role  = aws_iam_role.machine[0].name
}

resource "aws_security_group" "machine" {
  count       = local.machines
  name        = "${var.name}-machines"
  description = "Machines of the cluster: nothing in, HTTPS out"
  vpc_id      = var.machines.vpc_id
  tags        = { Name = "${var.name}-machines" }
}

resource "aws_vpc_security_group_egress_rule" "machine" {
  count             = local.machines
  security_group_id = aws_security_group.machine[0].id
  description       = "HTTPS to AWS services"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_launch_template" "machine" {
  count         = local.machines
  name_prefix   = "${var.name}-"
  image_id      = "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
  instance_type = var.machines.instance_type
  # Tasks have roles of their own and must not reach the machine's.
  user_data = base64encode("#!/bin/sh\nprintf 'ECS_CLUSTER=${var.name}\\nECS_AWSVPC_BLOCK_IMDS=true\\n' >> /etc/ecs/ecs.config\n")

  vpc_security_group_ids = [aws_security_group.machine[0].id]

  iam_instance_profile {
    arn = aws_iam_instance_profile.machine[0].arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = 30
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }
}

resource "aws_autoscaling_group" "machine" {
  count                 = local.machines
  name                  = "${var.name}-machines"
  min_size              = var.machines.min
  max_size              = var.machines.max
  vpc_zone_identifier   = var.machines.subnet_ids
  protect_from_scale_in = true # the capacity provider empties a machine first

  launch_template {
    id      = aws_launch_template.machine[0].id
    version = aws_launch_template.machine[0].latest_version
  }

  tag {
    key                 = "AmazonECSManaged"
    value               = "true"
    propagate_at_launch = true
  }

  tag {
    key                 = "Name"
    value               = "${var.name}-machine"
    propagate_at_launch = true
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }
}

resource "aws_ecs_capacity_provider" "machines" {
  count = local.machines
  name  = "${var.name}-machines"

  auto_scaling_group_provider {
    auto_scaling_group_arn         = aws_autoscaling_group.machine[0].arn
    managed_termination_protection = "ENABLED"

    managed_scaling {
      status          = "ENABLED"
      target_capacity = 90
    }
  }
}
