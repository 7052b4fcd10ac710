// Words of the field: the same on every screen.
type Words = Record<string, string>;

export const domain = {
  risk: { LOW: "Low", MEDIUM: "Medium", HIGH: "High", CRITICAL: "Critical" } as Words,
  riskOf: (level: string) => `${level} risk`,
  riskLevel: "Risk level",
  grade: "Grade",
  gradeOf: (grade: string) => `Grade ${grade}`,
  probability: "Probability of default",
  change: "Change",
  sector: "Sector",
  period: "Period",
  company: "Company",
  symbol: "Symbol",
  marketCap: "Market capitalization",
  marketCapUnit: "USD million",
  kind: { annual: "Annual", quarterly: "Quarterly" } as Words,
  level: { personal: "Personal", organization: "Organization", system: "System" } as Words,
  roles: {
    super_admin: "Platform administrator",
    tenant_admin: "Tenant administrator",
    org_admin: "Organization administrator",
    org_member: "Analyst",
    user: "Personal account",
  } as Words,
  missing: "Missing",
  notMeaningful: "Not meaningful",
  quality: {
    missing: "missing",
    not_meaningful: "not meaningful",
    sentinel: "a placeholder in the file, taken as missing",
    out_of_bounds: "outside the usual bounds",
    outside_training_range: "outside the range that the model was trained on",
  } as Words,
  ratios: {
    long_term_debt_to_total_capital: {
      name: "Long-term debt / total capital",
      unit: "%",
      help: "Long-term debt as a share of debt and equity. Not meaningful when capital is negative.",
    },
    total_debt_to_ebitda: {
      name: "Total debt / EBITDA",
      unit: "×",
      help: "Years of EBITDA that the debt amounts to. Not meaningful when EBITDA is not positive.",
    },
    net_income_margin: { name: "Net income margin", unit: "%", help: "Net income as a share of revenue." },
    ebit_to_interest_expense: {
      name: "EBIT / interest expense",
      unit: "×",
      help: "How often earnings before interest and tax cover the interest.",
    },
    return_on_assets: { name: "Return on assets", unit: "%", help: "Net income as a share of total assets." },
    sga_margin: {
      name: "SG&A margin",
      unit: "%",
      help: "Selling, general and administrative expense as a share of revenue.",
    },
    return_on_capital: {
      name: "Return on capital",
      unit: "%",
      help: "Operating profit as a share of invested capital. Not meaningful when capital is negative.",
    },
  } as Record<string, { name: string; unit: string; help: string }>,
  jobs: {
    pending: "Waiting",
    queued: "Waiting",
    processing: "Running",
    completed: "Completed",
    failed: "Failed",
    cancelled: "Cancelled",
  } as Words,
};
