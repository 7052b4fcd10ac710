# Names that neither Terraform nor a linter without an account can check, in one place for whoever reviews them.
# Source: Elastic Load Balancing User Guide, "Security policies for your Application Load Balancer". None takes
# anything older than TLS 1.2.
locals {
  reviewed = {
    ssl_policies = [
      "ELBSecurityPolicy-TLS13-1-2-2021-06",
      "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
      "ELBSecurityPolicy-TLS13-1-3-2021-06",
      "ELBSecurityPolicy-TLS-1-2-2017-01",
    ]
  }
}
