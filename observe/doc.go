// Package observe gives Lambda handlers structured logs, metrics and traces.
package observe
