using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;
using Microsoft.Extensions.Configuration;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class ConfigSchemaTests
{
    [Fact]
    public void Generate_Records_IsWhatTheRepositoryShips() =>
        Assert.Equal(File.ReadAllText(Repository.Path("config", "proxy.schema.json")), TcpProxyExtensions.GenerateSchema());

    [Fact]
    public void Generate_KeysOfTheContract_AreThereWithTheirMeaning()
    {
        using var schema = JsonDocument.Parse(TcpProxyExtensions.GenerateSchema());

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
        Assert.True(route.GetProperty("properties").TryGetProperty("Tls", out _));
    }

    [Fact]
    public void Generate_References_LeadToWhatTheSchemaHas()
    {
        var schema = JsonNode.Parse(TcpProxyExtensions.GenerateSchema())!;
        var references = References(schema).ToList();

        Assert.NotEmpty(references);
        Assert.All(
            references,
            reference => Assert.NotNull(reference.Split('/').Skip(1).Aggregate((JsonNode?)schema, static (node, key) => node?[key]))
        );
    }

    [Fact]
    public void Generate_EveryKey_HasADescription()
    {
        var schema = JsonNode.Parse(TcpProxyExtensions.GenerateSchema())!;

        Assert.Empty(
            Keys(schema, "")
                .Where(static pair => pair.Schema?["description"] is null && pair.Path != "/$schema")
                .Select(static pair => pair.Path)
        );
    }

    [Fact]
    public void Generate_TextsWithKnownValues_ListThem()
    {
        var keys = Keys(JsonNode.Parse(TcpProxyExtensions.GenerateSchema())!, "")
            .ToLookup(static pair => pair.Path, static pair => pair.Schema);

        Assert.Contains("modbus-tcp", Values(keys["/ReverseProxy/Clusters/*/Multiplex/Protocol"].First()));
        Assert.Contains("SourceIpHash", Values(keys["/ReverseProxy/Clusters/*/LoadBalancingPolicy"].First()));
        Assert.Contains("ConnectFailures", Values(keys["/ReverseProxy/Clusters/*/HealthCheck/Passive/Policy"].First()));
        Assert.Contains("Tls", Values(keys["/ReverseProxy/TcpRoutes/*/Match/Protocols"].First()?["items"]));
        Assert.Contains("Dns", Values(keys["/Channels/Membership/Provider"].First()));
    }

    // Every shipped document is right for both, and so is what one generated mistake makes of it wrong for both. Mistakes are those that a
    // schema can see: names that refer to other parts of the document are the reader's.
    [Fact]
    public void Evaluate_HundredGeneratedMistakes_SchemaAndReaderRefuseEach()
    {
        var schema = JsonSchema.FromText(TcpProxyExtensions.GenerateSchema());
        var documents = Documents().ToList();
        Assert.All(documents, pair => Assert.True(IsValid(schema, pair.Document), $"{pair.Path} is wrong for the schema"));
        Assert.All(documents, pair => Assert.True(Reads(pair.Document), $"{pair.Path} is wrong for the reader"));
        var random = new Random(17);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var disagreed = new List<string>();
        for (var attempt = 0; seen.Count < 100 && attempt < 10_000; attempt++)
        {
            var (path, document) = documents[random.Next(documents.Count)];
            var wrong = document.DeepClone();
            if (Mistake(wrong, random) is not { } mistake || !seen.Add($"{path}: {mistake}"))
            {
                continue;
            }

            var (refused, rejected) = (!IsValid(schema, wrong), !Reads(wrong));
            if (!refused || !rejected)
            {
                disagreed.Add(
                    $"{path}: {mistake}: schema {(refused ? "refuses" : "accepts")}, reader {(rejected ? "refuses" : "accepts")}"
                );
            }
        }

        Assert.Equal(100, seen.Count);
        Assert.True(disagreed.Count == 0, string.Join('\n', disagreed));
    }

    private static IEnumerable<(string Path, JsonNode Document)> Documents() =>
        Directory
            .EnumerateFiles(Repository.Path("config", "examples"), "*.json", SearchOption.AllDirectories)
            .Append(Repository.Path("config", "proxy.json"))
            .Order(StringComparer.Ordinal)
            .Select(static file => (Path.GetFileName(file), Parse(File.ReadAllText(file))));

    private static JsonNode Parse(string text) =>
        JsonNode.Parse(
            text,
            documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
        )!;

    private static bool IsValid(JsonSchema schema, JsonNode document)
    {
        using var parsed = JsonDocument.Parse(document.ToJsonString());
        return schema.Evaluate(parsed.RootElement).IsValid;
    }

    private static bool Reads(JsonNode document)
    {
        using var text = new MemoryStream(Encoding.UTF8.GetBytes(document.ToJsonString()));
        var root = new ConfigurationBuilder().AddJsonStream(text).Build();
        using var disposing = root as IDisposable;
        return TcpProxyExtensions.Check(root).Errors.Count == 0;
    }

    // Changes one place of a document, and says how; null if the place has no such mistake.
    private static string? Mistake(JsonNode document, Random random)
    {
        var places = Places(document, "").Where(static place => place.Path != "/$schema").ToList();
        var (path, node) = places[random.Next(places.Count)];
        if (IsFree(path))
        {
            return null;
        }

        switch (node)
        {
            case JsonObject keys when !IsKeyed(path):
                keys[$"Unknown{random.Next(3)}"] = 1;
                return $"{path} has an unknown key";
            case JsonObject keys:
                keys["x"] = random.Next(100);
                return $"{path} has a number in place of an object";
            case JsonArray:
                node.ReplaceWith(JsonValue.Create(random.Next(2) == 0));
                return $"{path} is true or false in place of a list";
            case JsonValue value:
                return Wrong(value, path, random);
            default:
                return null;
        }
    }

    private static string? Wrong(JsonValue value, string path, Random random)
    {
        JsonNode? wrong = value.GetValueKind() switch
        {
            JsonValueKind.Number => random.Next(2) == 0 ? -7_000_000_000L : "many",
            JsonValueKind.True or JsonValueKind.False => random.Next(2) == 0 ? "perhaps" : 7,
            JsonValueKind.String
                when TimeSpan.TryParse(value.GetValue<string>(), out _)
                    && value.GetValue<string>().Contains(':', StringComparison.Ordinal) => random.Next(2) == 0 ? "soon" : "00:99",
            JsonValueKind.String when _known.Any(end => path.EndsWith(end, StringComparison.Ordinal)) => "nonsense",
            _ => null,
        };
        if (wrong is null)
        {
            return random.Next(2) == 0 && value.GetValueKind() == JsonValueKind.String ? Nested(value, path) : null;
        }

        var text = wrong.ToJsonString();
        value.ReplaceWith(wrong);
        return $"{path} is {text}";
    }

    private static string Nested(JsonValue value, string path)
    {
        value.ReplaceWith(new JsonObject { ["x"] = 1 });
        return $"{path} is an object in place of a text";
    }

    // Texts of which the schema knows the values or the form.
    private static readonly string[] _known =
    [
        "/Mode",
        "/Protocol",
        "/Listen",
        "/Address",
        "/Url",
        "/LoadBalancingPolicy",
        "/Policy",
        "/Type",
        "/Connect",
        "/WaitForPort",
        "/Accept",
        "/SendProxyProtocol",
        "/Writes",
        "/Network",
        "/DropQueued",
        "/ActivateOn",
    ];

    // Below these, keys and values are the user's or YARP's own.
    private static bool IsFree(string path) =>
        path.Contains("/Metadata", StringComparison.Ordinal)
        || path.Contains("/Transforms", StringComparison.Ordinal)
        || path.Contains("/UnitMap", StringComparison.Ordinal)
        || path.StartsWith("/Logging", StringComparison.Ordinal)
        || (
            path.StartsWith("/Channels/Membership/Members", StringComparison.Ordinal) && path.EndsWith("/Address", StringComparison.Ordinal)
        )
        || path.Length == 0;

    private static bool IsKeyed(string path) =>
        path.Split('/')[^1]
            is "TcpRoutes"
                or "TcpEndpoints"
                or "Routes"
                or "Clusters"
                or "Destinations"
                or "Items"
                or "Members"
                or "Endpoints"
                or "Units";

    private static IEnumerable<(string Path, JsonNode Node)> Places(JsonNode? node, string path) =>
        node switch
        {
            null => [],
            JsonObject keys => keys.SelectMany(pair => Places(pair.Value, $"{path}/{pair.Key}")).Prepend((path, keys)),
            JsonArray items => items.SelectMany((item, index) => Places(item, $"{path}/{index}")).Prepend((path, items)),
            _ => [(path, node)],
        };

    private static IEnumerable<string?> Values(JsonNode? schema) => schema!["enum"]!.AsArray().Select(static value => (string?)value);

    private static IEnumerable<(string Path, JsonNode? Schema)> Keys(JsonNode? schema, string path)
    {
        if (schema is not JsonObject found)
        {
            yield break;
        }

        foreach (var (name, property) in found["properties"] as JsonObject ?? [])
        {
            yield return ($"{path}/{name}", property);
            foreach (var below in Keys(property, $"{path}/{name}"))
            {
                yield return below;
            }
        }

        foreach (var below in Keys(found["items"], path).Concat(Keys(found["additionalProperties"], $"{path}/*")))
        {
            yield return below;
        }

        foreach (var below in (found["anyOf"] as JsonArray ?? []).SelectMany(choice => Keys(choice, path)))
        {
            yield return below;
        }
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
