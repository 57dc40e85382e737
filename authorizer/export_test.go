package authorizer

// CountSteps is NewRoutes, and how many steps it took to compare the routes.
func CountSteps(rules ...Rule) (r *Routes, steps int, err error) {
	r = &Routes{}
	err = r.build(rules)
	for _, g := range r.groups {
		steps += g.steps
	}
	return r, steps, err
}

// RouteOf is the route of a rule as it was written.
func RouteOf(r Rule) string { return r.route }
