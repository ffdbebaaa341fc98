using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

public sealed class ConfigTreeTests
{
    [Fact]
    public void Read_ProvidersOfDotNet_LaterOnesWin()
    {
        var low = Json("""{ "ReverseProxy": { "TcpRoutes": { "r": { "Order": 7, "ClusterId": "c" } }, "Clusters": {} } }""");
        var high = Json("""{ "reverseproxy": { "TcpRoutes": { "R": { "Order": 8 } } }, "Admin": null }""");

        var root = Read(low, high);

        Assert.Equal("8", root.FindPath("ReverseProxy:TcpRoutes:r:Order")!.Value);
        Assert.Equal("c", root.FindPath("ReverseProxy:TcpRoutes:r:ClusterId")!.Value);
        Assert.True(root.FindPath("ReverseProxy:Clusters")!.IsNull);
        Assert.True(root.Find("Admin")!.IsNull);
    }

    [Fact]
    public void Read_ProviderThatAnswersInItsOwnWay_ItsAnswersCount()
    {
        Assert.Equal("its own", Read(new Own()).FindPath("ReverseProxy:Clusters")!.Value);
    }

    [Fact]
    public void Read_SectionOfLayers_IsWhatTheSectionAnswers() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(ArbMap.Default.ArbFor<byte[][]>(), IsRead));

    private static void IsRead(byte[][] layers)
    {
        using var root = new ConfigurationRoot([.. layers.Select(static (layer, index) => Layer(layer, index))]);
        var section = root.GetSection("App:Proxy");
        var shape = ProxyDocument.Shape(false);

        var read = ConfigTree.Read(section, shape, new ProblemList(section, shape), CancellationToken.None);

        Assert.Equal(
            section.AsEnumerable(makePathsRelative: true).OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase),
            Values(read.Find(ProxyDocument.Section)!, "").OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
        );
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Read_CancelledInTheMiddle_Ends(bool section)
    {
        using var cancel = new CancellationTokenSource();
        using var root = new ConfigurationRoot([new Deep(cancel)]);
        var shape = ProxyDocument.Shape(!section);
        IConfiguration configuration = section ? root.GetSection("a") : root;

        Assert.ThrowsAny<OperationCanceledException>(() =>
            ConfigTree.Read(configuration, shape, new ProblemList(configuration, shape), cancel.Token)
        );
    }

    private static JsonStreamConfigurationProvider Json(string json) =>
        new(new JsonStreamConfigurationSource { Stream = new MemoryStream(Encoding.UTF8.GetBytes(json)) });

    private static ConfigNode Read(params IConfigurationProvider[] providers)
    {
        using var root = new ConfigurationRoot([.. providers]);
        var shape = ProxyDocument.Shape(true);
        return ConfigTree.Read(root, shape, new ProblemList(root, shape), CancellationToken.None);
    }

    // Each byte is a key below the section or beside it, of a provider of .NET or one that is asked key by key.
    private static IConfigurationProvider Layer(byte[] keys, int index)
    {
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var key in keys)
        {
            var path = string.Join(
                ':',
                "Other:Proxy,App:Other,App:Proxy,app:proxy".Split(',')[key % 4],
                $"{key / 4 % 4}",
                $"{key / 16 % 4}"
            );
            values[key < 128 ? path : path[..path.LastIndexOf(':')]] = key % 7 == 0 ? null : $"{index}.{key}";
        }

        return index % 2 == 0 ? new MemoryConfigurationProvider(new() { InitialData = values }) : new Asked(values);
    }

    private static IEnumerable<KeyValuePair<string, string?>> Values(ConfigNode node, string path) =>
        node.Children.SelectMany(child =>
        {
            var inner = path.Length == 0 ? child.Key : $"{path}:{child.Key}";
            return Values(child, inner).Prepend(new(inner, child.Value));
        });

    /// <summary>Can only be asked key by key.</summary>
    private sealed class Asked : ConfigurationProvider
    {
        public Asked(IDictionary<string, string?> values) => Data = values;

        public override bool TryGet(string key, out string? value) => base.TryGet(key, out value);
    }

    /// <summary>Answers otherwise than its dictionary.</summary>
    private sealed class Own : ConfigurationProvider
    {
        public override void Load() => Data["ReverseProxy:Clusters"] = "of the dictionary";

        public override bool TryGet(string key, out string? value)
        {
            value = Data.ContainsKey(key) ? "its own" : null;
            return value is not null;
        }
    }

    /// <summary>Cancels the reading at the first key of many.</summary>
    private sealed class Deep(CancellationTokenSource cancel) : ConfigurationProvider
    {
        public override IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath)
        {
            cancel.Cancel();
            return parentPath?.Length > 100 ? earlierKeys : earlierKeys.Append("a");
        }
    }
}
