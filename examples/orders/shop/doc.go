// Package shop is a small online shop on six AWS services: what its Lambda
// functions do, without the processes around them. The folders under lambda
// hold a main for each function; the journey runs all of them in one process.
package shop
