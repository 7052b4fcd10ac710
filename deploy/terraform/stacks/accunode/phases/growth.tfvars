# 800 to 1,200 people.
zones      = 2
nat        = "one"
api        = { cpu = 512, memory = 1024, min = 3, max = 4 }
worker     = { cpu = 1024, memory = 2048, min = 4, max = 6, spot_percent = 50 }
database   = { class = "db.t3.small", storage_gb = 50, storage_max_gb = 200, backup_days = 7 }
cache      = { node_type = "cache.t3.small" }
budget_usd = 400
