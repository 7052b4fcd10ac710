# The smallest that is real: one of each, one zone.
zones      = 1
nat        = "one"
api        = { cpu = 256, memory = 512, min = 1, max = 2 }
worker     = { cpu = 256, memory = 512, min = 1, max = 2, jobs = 2 }
database   = { class = "db.t3.micro", storage_gb = 20, storage_max_gb = 50, backup_days = 1 }
cache      = { node_type = "cache.t3.micro" }
budget_usd = 120

firewall_requests = 0
