using System.Text.Json;
using System.Text.Json.Nodes;
using Proxy.Configuration;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class ConfigSchemaTests
{
    [Fact]
    public void Generate_Records_IsWhatTheRepositoryShips() =>
        Assert.Equal(File.ReadAllText(Repository.Path("config", "proxy.schema.json")), ProxyDocument.GenerateSchema());

    [Fact]
    public void Generate_KeysOfTheContract_AreThereWithTheirMeaning()
    {
        using var schema = JsonDocument.Parse(ProxyDocument.GenerateSchema());

        var route = schema
            .RootElement.GetProperty("properties")
            .GetProperty("ReverseProxy")
            .GetProperty("properties")
            .GetProperty("TcpRoutes")
            .GetProperty("additionalProperties");

        Assert.False(route.GetProperty("additionalProperties").GetBoolean());
        Assert.Contains(
            "None",
            route.GetProperty("properties").GetProperty("IdleTimeout").GetProperty("pattern").GetString()!,
            StringComparison.Ordinal
        );
        Assert.False(route.GetProperty("properties").TryGetProperty("Tls", out _));
    }

    [Fact]
    public void Generate_References_LeadToWhatTheSchemaHas()
    {
        var schema = JsonNode.Parse(ProxyDocument.GenerateSchema())!;
        var references = References(schema).ToList();

        Assert.NotEmpty(references);
        Assert.All(
            references,
            reference => Assert.NotNull(reference.Split('/').Skip(1).Aggregate((JsonNode?)schema, static (node, key) => node?[key]))
        );
    }

    private static IEnumerable<string> References(JsonNode? node) =>
        node switch
        {
            JsonArray array => array.SelectMany(References),
            JsonObject schema => schema.SelectMany(static pair =>
                pair.Key == "$ref" ? [pair.Value!.GetValue<string>()] : References(pair.Value)
            ),
            _ => [],
        };
}
