// The function fails before it asks for an invocation.
package main

import "os"

func main() {
	println("no configuration")
	os.Exit(2)
}
