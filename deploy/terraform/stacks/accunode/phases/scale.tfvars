# 1,200 to 2,000 people and more; the loss of a zone is survived.
zones      = 2
nat        = "per_zone"
api        = { cpu = 1024, memory = 2048, min = 4, max = 8 }
worker     = { cpu = 1024, memory = 2048, min = 6, max = 12, spot_percent = 50, spot_base = 2 }
database   = { class = "db.t3.medium", storage_gb = 100, storage_max_gb = 500, backup_days = 7, multi_az = true, replicas = 1 }
cache      = { node_type = "cache.t3.medium", nodes = 2 }
budget_usd = 1000
