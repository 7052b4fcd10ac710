# 500 to 800 people. Ten tasks of ten connections each leave a dozen of the smallest database to the migration and to you.
zones      = 2
nat        = "one"
api        = { cpu = 512, memory = 1024, min = 2, max = 4 }
worker     = { cpu = 1024, memory = 2048, min = 2, max = 6, spot_percent = 50 }
database   = { class = "db.t3.micro", storage_gb = 20, storage_max_gb = 100, backup_days = 7, pool = 4 }
cache      = { node_type = "cache.t3.micro" }
budget_usd = 250
