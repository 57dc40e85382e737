module example.com/outside

go 1.26

require github.com/patternkit/serverless v0.0.0

replace github.com/patternkit/serverless => ../../../..
