using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Proxy.Host.Contracts;
using Proxy.Host.Observability;

namespace Proxy.Host.Admin;

/// <summary>What all endpoints of the API have in common, and the document that lists them (OpenAPI 3.1).</summary>
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
            options.AddSchemaTransformer(SecondsAsync);
            options.AddDocumentTransformer(DescribeAsync);
        });
    }

    /// <summary>Maps the document, and returns where the endpoints belong.</summary>
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

    /// <summary>Names what the endpoints mapped there are about.</summary>
    public static RouteGroupBuilder About(this RouteGroupBuilder api, string tag) => api.MapGroup("").WithTags(tag);

    /// <summary>Says which errors an endpoint may answer with besides those that all may.</summary>
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder endpoint, params int[] statuses) =>
        endpoint.WithMetadata([
            .. statuses.Select(static status => new ProducesResponseTypeMetadata(status, typeof(ApiError), ["application/json"])),
        ]);

    private static Task SecondsAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if ((Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type) == typeof(TimeSpan))
        {
            schema.Type = JsonSchemaType.Number;
            schema.Description = schema.Description is { } text ? $"{text} In seconds." : "Seconds.";
            schema.Pattern = null;
        }

        return Task.CompletedTask;
    }

    private static Task DescribeAsync(
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
                "What runs, and safe changes of it. Durations are seconds; errors are { \"error\": \"…\" }; an id in a path may hold %2F.",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["token"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "Admin:Token, when it is set.",
            },
        };
        document.Security = [new() { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
        return Task.CompletedTask;
    }
}
