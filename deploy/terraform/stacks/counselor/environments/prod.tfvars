# The domain and the address are examples: put your own in.
environment   = "prod"
domain        = "counselor.example.com"
zone          = "example.com"
zones         = 2
nat           = "per_zone"
tasks         = 2
tasks_max     = 6
cpu           = 512
memory        = 1024
log_days      = 30
protected     = true
backup_region = "us-west-2"
emails        = ["operations@example.com"]
budget_usd    = 250
