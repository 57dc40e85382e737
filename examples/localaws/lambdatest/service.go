package lambdatest

import "github.com/patternkit/serverless/internal/wire"

// service is the table of what is served.
func (l *Lambda) service() wire.Service {
	return wire.Service{
		Name:    "lambda",
		Package: "lambdatest",
		Protocol: wire.RESTJSON(func(o *wire.RESTOptions) {
			o.MessageKey, o.ErrorType = "Message", true
			o.Statuses = map[string]int{
				"PolicyLengthExceededException": 400, "PreconditionFailedException": 412, "RequestTooLargeException": 413,
				"ResourceConflictException": 409, "ResourceNotFoundException": 404, "ResourceNotReadyException": 502, "ServiceException": 500,
				"TooManyRequestsException": 429, "UnsupportedMediaTypeException": 415,
			}
		}),
		Throttled: &wire.Error{
			Code: "TooManyRequestsException", Message: "Rate exceeded", Status: 429, MessageKey: "message",
			Fields: map[string]any{"Reason": "CallerRateLimitExceeded"},
		},
		Operations: []wire.Operation{
			wire.HandleREST("Invoke", "POST /2015-03-31/functions/{FunctionName}/invocations", l.serveInvoke),
			wire.HandleREST("InvokeWithResponseStream", "POST /2021-11-15/functions/{FunctionName}/response-streaming-invocations", l.invokeWithResponseStream),

			wire.HandleREST("CreateFunction", "POST /2015-03-31/functions 201", l.createFunction),
			wire.HandleREST("GetFunction", "GET /2015-03-31/functions/{FunctionName}", l.getFunction),
			wire.HandleREST("GetFunctionConfiguration", "GET /2015-03-31/functions/{FunctionName}/configuration", l.getFunctionConfiguration),
			wire.HandleREST("UpdateFunctionConfiguration", "PUT /2015-03-31/functions/{FunctionName}/configuration", l.updateFunctionConfiguration),
			wire.HandleREST("DeleteFunction", "DELETE /2015-03-31/functions/{FunctionName} 204", l.deleteFunction),
			wire.HandleREST("ListFunctions", "GET /2015-03-31/functions", l.listFunctions),
			wire.HandleREST("GetAccountSettings", "GET /2016-08-19/account-settings", l.getAccountSettings),

			wire.HandleREST("PutFunctionConcurrency", "PUT /2017-10-31/functions/{FunctionName}/concurrency", l.putFunctionConcurrency),
			wire.HandleREST("GetFunctionConcurrency", "GET /2019-09-30/functions/{FunctionName}/concurrency", l.getFunctionConcurrency),
			wire.HandleREST("DeleteFunctionConcurrency", "DELETE /2017-10-31/functions/{FunctionName}/concurrency 204", l.deleteFunctionConcurrency),

			wire.HandleREST("PutFunctionEventInvokeConfig", "PUT /2019-09-25/functions/{FunctionName}/event-invoke-config", l.putFunctionEventInvokeConfig),
			wire.HandleREST("UpdateFunctionEventInvokeConfig", "POST /2019-09-25/functions/{FunctionName}/event-invoke-config", l.updateFunctionEventInvokeConfig),
			wire.HandleREST("GetFunctionEventInvokeConfig", "GET /2019-09-25/functions/{FunctionName}/event-invoke-config", l.getFunctionEventInvokeConfig),
			wire.HandleREST("DeleteFunctionEventInvokeConfig", "DELETE /2019-09-25/functions/{FunctionName}/event-invoke-config 204", l.deleteFunctionEventInvokeConfig),
			wire.HandleREST("ListFunctionEventInvokeConfigs", "GET /2019-09-25/functions/{FunctionName}/event-invoke-config/list", l.listFunctionEventInvokeConfigs),

			wire.HandleREST("PublishVersion", "POST /2015-03-31/functions/{FunctionName}/versions 201", l.publishVersion),
			wire.HandleREST("ListVersionsByFunction", "GET /2015-03-31/functions/{FunctionName}/versions", l.listVersionsByFunction),
			wire.HandleREST("CreateAlias", "POST /2015-03-31/functions/{FunctionName}/aliases 201", l.createAlias),
			wire.HandleREST("GetAlias", "GET /2015-03-31/functions/{FunctionName}/aliases/{Name}", l.getAlias),
			wire.HandleREST("UpdateAlias", "PUT /2015-03-31/functions/{FunctionName}/aliases/{Name}", l.updateAlias),
			wire.HandleREST("DeleteAlias", "DELETE /2015-03-31/functions/{FunctionName}/aliases/{Name} 204", l.deleteAlias),
			wire.HandleREST("ListAliases", "GET /2015-03-31/functions/{FunctionName}/aliases", l.listAliases),

			wire.HandleREST("CreateEventSourceMapping", "POST /2015-03-31/event-source-mappings 202", l.createEventSourceMapping),
			wire.HandleREST("GetEventSourceMapping", "GET /2015-03-31/event-source-mappings/{UUID}", l.getEventSourceMapping),
			wire.HandleREST("UpdateEventSourceMapping", "PUT /2015-03-31/event-source-mappings/{UUID} 202", l.updateEventSourceMapping),
			wire.HandleREST("DeleteEventSourceMapping", "DELETE /2015-03-31/event-source-mappings/{UUID} 202", l.deleteEventSourceMapping),
			wire.HandleREST("ListEventSourceMappings", "GET /2015-03-31/event-source-mappings", l.listEventSourceMappings),

			wire.HandleREST("TagResource", "POST /2017-03-31/tags/{Resource} 204", l.tagResource),
			wire.HandleREST("UntagResource", "DELETE /2017-03-31/tags/{Resource} 204", l.untagResource),
			wire.HandleREST("ListTags", "GET /2017-03-31/tags/{Resource}", l.listTags),

			wire.HandleREST("AddPermission", "POST /2015-03-31/functions/{FunctionName}/policy 201", l.addPermission),
			wire.HandleREST("RemovePermission", "DELETE /2015-03-31/functions/{FunctionName}/policy/{StatementId} 204", l.removePermission),
			wire.HandleREST("GetPolicy", "GET /2015-03-31/functions/{FunctionName}/policy", l.getPolicy),

			wire.HandleREST("CreateFunctionUrlConfig", "POST /2021-10-31/functions/{FunctionName}/url 201", l.createFunctionURLConfig),
			wire.HandleREST("GetFunctionUrlConfig", "GET /2021-10-31/functions/{FunctionName}/url", l.getFunctionURLConfig),
			wire.HandleREST("UpdateFunctionUrlConfig", "PUT /2021-10-31/functions/{FunctionName}/url", l.updateFunctionURLConfig),
			wire.HandleREST("DeleteFunctionUrlConfig", "DELETE /2021-10-31/functions/{FunctionName}/url 204", l.deleteFunctionURLConfig),
			wire.HandleREST("ListFunctionUrlConfigs", "GET /2021-10-31/functions/{FunctionName}/urls", l.listFunctionURLConfigs),
		},
	}
}
