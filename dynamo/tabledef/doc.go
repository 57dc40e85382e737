// Package tabledef turns a dynamo.Model into what exists outside the program: the table
// itself, its CloudFormation resource, the IAM statements of its users, and a document of
// keys and access patterns. All of it comes from one value, dynamo.Description.
//
// # Smallest program
//
// Store is the *dynamo.Model, and table the *dynamo.Table that uses it:
//
//	err := tabledef.Create(ctx, client, table)           // in a test or a local run
//	err = tabledef.Verify(ctx, client, table)            // the deployed table fits the model
//	fmt.Print(tabledef.CloudFormation(Store))            // a resource for template.yaml
//	fmt.Print(tabledef.Markdown(Store))                  // the access patterns as a table
//	policy := tabledef.Statements(Store, arn, tabledef.ReadAccess)
//
// CloudFormation, Markdown and the statements agree with the model: shown by
// TestModelPrintsItself. Verify names every difference: shown by
// TestVerifyNamesEveryDifference.
//
// Declare entities, access patterns and collections first, as package-level variables:
// what is declared later is not in the document or the statements.
package tabledef
