package wire

// restName is the name of the operation that a request of a REST service asks
// for; "" where it is not known.
func restName(service string, req *request) string { return "" }
