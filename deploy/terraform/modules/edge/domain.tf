data "aws_route53_zone" "this" {
  count = local.tls ? 1 : 0
  name  = var.zone
}

resource "aws_acm_certificate" "this" {
  count                     = local.tls ? 1 : 0
  domain_name               = var.domain
  subject_alternative_names = ["*.${var.domain}"]
  validation_method         = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

# A name and its wildcard are proved by the same record.
resource "aws_route53_record" "proof" {
  for_each        = local.tls ? toset([var.domain]) : toset([])
  zone_id         = data.aws_route53_zone.this[0].zone_id
  allow_overwrite = true
  name            = one([for o in aws_acm_certificate.this[0].domain_validation_options : o.resource_record_name if o.domain_name == each.key])
  type            = one([for o in aws_acm_certificate.this[0].domain_validation_options : o.resource_record_type if o.domain_name == each.key])
  records         = [one([for o in aws_acm_certificate.this[0].domain_validation_options : o.resource_record_value if o.domain_name == each.key])]
  ttl             = 60
}

resource "aws_acm_certificate_validation" "this" {
  count                   = local.tls ? 1 : 0
  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [for r in aws_route53_record.proof : r.fqdn]
}

resource "aws_route53_record" "site" {
  count   = local.tls ? 1 : 0
  zone_id = data.aws_route53_zone.this[0].zone_id
  name    = var.domain
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }
}
