# Where customers work. The domain and the addresses are examples: put your own in.
environment = "prod"
phase       = "startup"
domain      = "accunode.example.com"
zone        = "example.com"
emails      = ["operations@example.com"]
protected   = true
log_days    = 30
