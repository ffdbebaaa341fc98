using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>What the contract promises for later is refused by name, wherever the records mark it.</summary>
public sealed class NotAvailableYetTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    public static TheoryData<string> Keys => [.. ConfigKey.All.SelectMany(static key => key.NotYet.Select(key.Child))];

    public static TheoryData<string> Enums =>
        [.. ConfigKey.All.Where(static key => LaterNames(key.Type.Type).Any()).Select(static key => key.Path)];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Read_LaterKey_IsRefusedByName(string path)
    {
        // An empty block means "on", with defaults: to ignore it would be to leave it off.
        foreach (var value in (string[])["{}", """{"A":1}""", "[]", "[1]", "true", "0", "\"None\"", "\"\""])
        {
            Refused(ConfigKey.Document(path, value), path, "is not available yet; leave it out.");
        }

        var other = path.ToUpperInvariant();
        Refused(ConfigKey.Document(other, "true"), other, "is not available yet; leave it out.");
    }

    [Theory]
    [MemberData(nameof(Enums))]
    public void Read_LaterName_IsRefusedByName(string path)
    {
        foreach (var name in LaterNames(ConfigKey.At(path).Type.Type))
        {
            Refused(ConfigKey.Document(path, $"\"{name}\""), path, $"'{name}' is not available yet; use '");
            Refused(ConfigKey.Document(path, $"\"{name.ToUpperInvariant()}\""), path, $"'{name}' is not available yet; use '");
        }
    }

    [Fact]
    public void Read_SectionOfAnApplication_MayNameWhatItsCodeRegisters()
    {
        const string Route = "ReverseProxy:Routes:x:";
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                new Dictionary<string, string?>
                {
                    [$"{Route}Match:Path"] = "/",
                    [$"{Route}AuthorizationPolicy"] = "Default",
                    [$"{Route}CorsPolicy"] = "Disable",
                    [$"{Route}RateLimiterPolicy"] = "Default",
                    [$"{Route}OutputCachePolicy"] = "Default",
                    [$"{Route}TimeoutPolicy"] = "Disable",
                }
            )
            .Build();
        var services = new ServiceCollection().AddLogging();
        services.AddTcpProxy();
        services.AddOutputCache(static options => options.AddPolicy("Default", static _ => { }));
        using var provider = services.BuildServiceProvider();

        var result = provider.GetRequiredService<RevisionReader>().Read(configuration.GetSection("ReverseProxy"), wholeDocument: false);

        Assert.Empty(result.Errors);
        var route = Assert.Single(result.Revision!.HttpRoutes);
        Assert.Equal("Default", route.AuthorizationPolicy);
        Assert.Equal("Default", route.OutputCachePolicy);
    }

    [Fact]
    public void Read_EveryMarkedType_IsOneAConfigurationCanReach()
    {
        var reached = ConfigKey.All.Select(static key => key.Type.Type).ToHashSet();
        var marked = typeof(ProxyConfig)
            .Assembly.GetTypes()
            .Where(static type => ConfigTypes.NotYet(type).Count > 0 || LaterNames(type).Any());

        Assert.Empty(marked.Except(reached));
    }

    public void Dispose() => _document.Dispose();

    private static IEnumerable<string> LaterNames(Type type) =>
        type.IsEnum
            ? type.GetFields().Where(static field => field.IsDefined(typeof(NotAvailableYetAttribute))).Select(static field => field.Name)
            : [];

    private void Refused(string json, string path, string message)
    {
        var errors = _document.Read(json).Errors;
        var error = Assert.Single(errors, error => error.Path == path);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Equal(1, error.Line);
    }
}
