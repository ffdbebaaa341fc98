using System.Text.Json;
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
}
