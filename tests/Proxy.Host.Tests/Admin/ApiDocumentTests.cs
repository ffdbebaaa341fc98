using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>The OpenAPI document of the API.</summary>
public sealed class ApiDocumentTests : IDisposable
{
    private readonly TcpServer _server = new("hello");

    [Fact]
    public async Task Document_EveryEndpointOfTheApi_IsListedWithItsAnswersAndErrors()
    {
        await using var host = await TestHost.StartAsync(AdminClient.With(AdminClient.Changes, Json.Routes(Json.Route("r"), _server.Port)));
        using var api = new AdminClient(host);

        var document = await api.GetAsync("/api/openapi.json");

        Assert.StartsWith("3.1", Text(document, "openapi"), StringComparison.Ordinal);
        var listed = document
            .GetProperty("paths")
            .EnumerateObject()
            .SelectMany(static path => path.Value.EnumerateObject().Select(method => $"{method.Name.ToUpperInvariant()} {path.Name}"));
        Assert.Equal(Endpoints(host).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
        foreach (var operation in document.GetProperty("paths").EnumerateObject().SelectMany(static path => path.Value.EnumerateObject()))
        {
            Assert.False(string.IsNullOrEmpty(Text(operation.Value, "summary")));
            var answers = operation.Value.GetProperty("responses");
            Assert.True(answers.TryGetProperty("401", out _), operation.Value.GetRawText());
            Assert.Contains(answers.EnumerateObject(), static answer => answer.Name.StartsWith('2'));
        }
    }

    public void Dispose() => _server.Dispose();

    private static IEnumerable<string> Endpoints(TestHost host) =>
        host
            .Services.GetRequiredService<IEnumerable<EndpointDataSource>>()
            .SelectMany(static source => source.Endpoints)
            .OfType<RouteEndpoint>()
            .Select(static endpoint => (Path: $"/{endpoint.RoutePattern.RawText!.Trim('/')}", endpoint.Metadata))
            .Where(static endpoint => endpoint.Path.StartsWith("/api/", StringComparison.Ordinal) && endpoint.Path != "/api/openapi.json")
            .SelectMany(static endpoint =>
                endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {endpoint.Path}")
            )
            .Distinct();

    private static string? Text(JsonElement element, string name) => element.GetProperty(name).GetString();
}
