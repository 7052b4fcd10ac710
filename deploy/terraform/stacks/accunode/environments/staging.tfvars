# A small copy to try releases on; may be taken down at any time.
environment = "staging"
phase       = "minimal"
emails      = ["operations@example.com"]
protected   = false
log_days    = 7
