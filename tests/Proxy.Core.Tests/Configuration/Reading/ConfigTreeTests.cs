using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
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
