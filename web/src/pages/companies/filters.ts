// The filters of the list of companies.
export const FILTERS = ["search", "sector", "risk_level", "grade", "access_level"] as const;
