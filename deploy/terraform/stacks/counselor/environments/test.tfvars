# TLS is optional here: give domain and zone.
environment   = "test"
zones         = 1
tasks         = 1
cpu           = 256
memory        = 512
log_days      = 14
protected     = false
backup_region = "us-west-2"
emails        = ["operations@example.com"]
budget_usd    = 90
