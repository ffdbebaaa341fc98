using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration;

public sealed class RevisionReaderTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly List<IDisposable> _open = [];
    private readonly ServiceProvider _services = CreateServices();

    [Fact]
    public void Read_EmptyObject_IsThereAndNullIsNot()
    {
        Assert.NotNull(Read("""{ "Admin": {} }""").Revision!.Config.Admin);
        Assert.Null(Read("""{ "Admin": null }""").Revision!.Config.Admin);
    }

    [Fact]
    public void Read_SevenMistakes_SevenErrorsWithLines()
    {
        var errors = Read(
            """
            {
              "ReverseProxy": {
                "TcpRoutes": {
                  "a": { "Listen": "127.0.0.1:9001", "ClusterId": "rediss" },
                  "b": { "Listen": "example.com:80", "ClusterId": "redis" },
                  "c": { "Listen": "127.0.0.1:9002", "ClusterId": "redis", "IdleTimeot": "00:01:00" },
                  "d": { "Listen": "127.0.0.1:9003", "ClusterId": "redis", "IdleTimeout": "5" },
                  "e": { "Listen": "127.0.0.1:9004", "ClusterId": "redis", "Mode": "Http" }
                },
                "Clusters": {
                  "redis": {
                    "Tcp": { "ConnectAttempts": 99999999999999999999 },
                    "Destinations": { "x": { "Address": "127.0.0.1:6379" } }
                  }
                }
              }
            }
            """
        ).Errors;

        Assert.Equal(7, errors.Count);
        Assert.All(errors, error => Assert.NotNull(error.Line));
        var text = string.Join('\n', errors);
        Assert.Contains(
            ":4: ReverseProxy:TcpRoutes:a:ClusterId: no cluster 'rediss'; known clusters: 'redis'.",
            text,
            StringComparison.Ordinal
        );
        Assert.Contains("unknown key; did you mean 'IdleTimeout'?", text, StringComparison.Ordinal);
        Assert.Contains("e:ClusterId: is not for Mode Http", text, StringComparison.Ordinal);
        Assert.Contains("write 'tcp://127.0.0.1:6379'", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MoreErrorsThanAreListed_SaysHowManyMore()
    {
        var routes = Enumerable
            .Range(0, ProblemList.Most + 500)
            .Select(static number => $$"""  "r{{number}}": { "Listen": "127.0.0.1:{{number + 1}}", "ClusterId": "none" } """);

        var errors = Read($$"""{ "ReverseProxy": { "TcpRoutes": { {{string.Join(", ", routes)}} } } }""").Errors;

        Assert.Equal(ProblemList.Most + 1, errors.Count);
        Assert.Equal("there are 500 more errors, which are not listed.", errors[^1].Message);
    }

    [Fact]
    public void Read_Cancelled_Throws()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.ThrowsAny<OperationCanceledException>(() =>
            _services
                .GetRequiredService<RevisionReader>()
                .Read(Configuration("""{ "Demo": { "Enabled": true } }"""), wholeDocument: true, cancelled.Token)
        );
    }

    [Fact]
    public void Read_TruncatedAnywhere_NeverThrowsAndNeverRuns()
    {
        const string Good =
            """{"ReverseProxy":{"TcpRoutes":{"a":{"Listen":"127.0.0.1:9","ClusterId":"c"}},"Clusters":{"c":{"Destinations":{"d":{"Address":"tcp://h:1"}}}}}}""";
        Assert.NotNull(Read(Good).Revision);
        for (var length = 0; length < Good.Length; length++)
        {
            Assert.Null(Read(Good[..length]).Revision);
        }
    }

    [Fact]
    public void Read_AnyTextOfJsonsLetters_NeverThrows()
    {
        var texts = Gen.Elements("{}[]:,\"ab \\0192.e-truefalsn\n".ToCharArray()).ToArbitrary().Array();

        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(60),
            Prop.ForAll(
                texts,
                text =>
                {
                    var result = Read(new string(text));
                    Assert.True(result.Revision is not null || result.Errors.Count > 0);
                }
            )
        );
    }

    [Theory]
    [InlineData("""{"Demo":{},"demo":{}}""", "twice")]
    [InlineData("""{"ReverseProxy":{"Clusters":{"a:b":{}}}}""", "':'")]
    [InlineData("""{"ReverseProxy":[1]}""", "unknown key")]
    [InlineData("""{"Channels":{"Group":"x"}}""", "Channels:Tunnel:Url: is required and missing")]
    [InlineData("""{"Admin":{"Url":"http://0.0.0.0:9099"}}""", "Admin:Token")]
    [InlineData("""{"ReverseProxy":{"TcpEndpoints":{"e":{"Address":["*:80","0.0.0.0:80"]}}}}""", "overlaps")]
    public void Read_Mistake_SaysWhatIsWrong(string json, string expected)
    {
        Assert.Contains(Read(json).Errors, error => error.ToString().Contains(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_TwoFilesWithOneArray_TakesTheWholeOfTheLast()
    {
        var first = Configuration("""{"ReverseProxy":{"TcpEndpoints":{"e":{"Address":["127.0.0.1:1","127.0.0.1:2"]}}}}""");
        var last = Configuration("""{"ReverseProxy":{"TcpEndpoints":{"e":{"Address":["127.0.0.1:3"]}}}}""");
        var both = new ConfigurationRoot([.. first.Providers, .. last.Providers]);

        var revision = TcpProxyExtensions.Check(both).Revision;

        Assert.Equal(["127.0.0.1:3"], revision!.Config.ReverseProxy.TcpEndpoints["E"].Address);
    }

    [Fact]
    public void Load_FileBreaksAndRecovers_LastGoodContentStays()
    {
        File.WriteAllText(_file, """{"Demo":{"Enabled":true}}""");
        using var provider = (JsonFileProvider)new JsonFileSource(_file) { Watch = false }.Build(new ConfigurationBuilder());
        provider.Load();

        File.WriteAllText(_file, """{"Demo":{"Ena""");
        provider.Load();
        Assert.True(provider.TryGet("Demo:Enabled", out var kept));
        Assert.Equal("true", kept);
        Assert.NotNull(provider.Problem);

        File.Delete(_file);
        provider.Load();
        Assert.NotNull(provider.Problem);

        File.WriteAllText(_file, """{"Demo":{"Enabled":true}}""");
        provider.Load();
        Assert.Null(provider.Problem);
    }

    [Theory]
    [InlineData("127.0.0.1:80", 1)]
    [InlineData("[::1]:80", 1)]
    [InlineData("*:80", 1)]
    [InlineData("127.0.0.1:8000-8009", 10)]
    [InlineData("unix:/run/x.sock", 1)]
    [InlineData("example.com:80", 0)]
    [InlineData("127.1:80", 0)]
    [InlineData("127.0.0.1:65536", 0)]
    [InlineData("127.0.0.1", 0)]
    [InlineData(":80", 0)]
    public void TryParse_Forms_AddressesOrError(string text, int count)
    {
        Assert.Equal(count > 0, ListenAddress.TryParse(text, out var addresses, out var error));
        Assert.Equal(count, addresses.Count);
        Assert.Equal(count == 0, error is not null);
    }

    public void Dispose()
    {
        _open.ForEach(static item => item.Dispose());
        _services.Dispose();
        File.Delete(_file);
    }

    private static ServiceProvider CreateServices()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy();
        return services.BuildServiceProvider();
    }

    private ReadResult Read(string json) => _services.GetRequiredService<RevisionReader>().Read(Configuration(json), wholeDocument: true);

    private IConfigurationRoot Configuration(string json)
    {
        File.WriteAllText(_file, json);
        var root = new ConfigurationBuilder().Add(new JsonFileSource(_file) { Watch = false }).Build();
        _open.Add((IDisposable)root);
        return root;
    }
}
