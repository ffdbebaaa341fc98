using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Proxy.Host.Contracts;
using Proxy.Host.Observability;

namespace Proxy.Host.Admin;

/// <summary>The common settings of all API endpoints, and the OpenAPI 3.1 document that describes them.</summary>
internal static class ApiDocument
{
    public const string Path = "/api/openapi.json";

    private const long MaxBodyBytes = 64 << 10;

    public static void AddServices(IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(static json => ApiJson.Configure(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(static handlers => handlers.ThrowOnBadRequest = true);
        services.AddOpenApi(static options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = static api => api.RelativePath?.StartsWith("api/", StringComparison.Ordinal) == true;
            options.AddSchemaTransformer(DescribeSeconds);
            options.AddDocumentTransformer(DescribeApi);
        });
    }

    /// <summary>Maps the document, and returns the group to which the API's endpoints are added.</summary>
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapOpenApi(Path);
        var api = endpoints.MapGroup("/api");
        api.WithMetadata(
            new RequestSizeLimitAttribute(MaxBodyBytes),
            new ProducesResponseTypeMetadata(StatusCodes.Status400BadRequest, typeof(ApiError), ["application/json"]),
            new ProducesResponseTypeMetadata(StatusCodes.Status401Unauthorized, typeof(ApiError), ["application/json"]),
            new ProducesResponseTypeMetadata(StatusCodes.Status403Forbidden, typeof(ApiError), ["application/json"])
        );
        return api;
    }

    /// <summary>Creates a subgroup whose endpoints have a tag in the document.</summary>
    public static RouteGroupBuilder About(this RouteGroupBuilder api, string tag) => api.MapGroup("").WithTags(tag);

    /// <summary>Documents the error statuses of an endpoint that are not common to all endpoints.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder endpoint, params int[] statuses) =>
        endpoint.WithMetadata([
            .. statuses.Select(static status => new ProducesResponseTypeMetadata(status, typeof(ApiError), ["application/json"])),
        ]);

    private static Task DescribeSeconds(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if ((Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type) == typeof(TimeSpan))
        {
            schema.Type = JsonSchemaType.Number;
            schema.Description = schema.Description is { } text ? $"{text} In seconds." : "Seconds.";
            schema.Pattern = null;
        }

        return Task.CompletedTask;
    }

    private static Task DescribeApi(
        OpenApiDocument document,
        OpenApiDocumentTransformerContext context,
        CancellationToken cancellationToken
    )
    {
        document.Info = new OpenApiInfo
        {
            Title = "Proxy.Host admin API",
            Version = BuildVersion.Text,
            Description =
                "State and control of a running host. Durations are in seconds; errors are { \"error\": \"…\" }; ids in paths may contain %2F.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["token"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The value of Admin:Token, if it is configured.",
            },
        };
        document.Security = [new() { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
        return Task.CompletedTask;
    }
}
