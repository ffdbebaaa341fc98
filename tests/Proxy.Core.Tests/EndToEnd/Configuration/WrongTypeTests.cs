using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization.Metadata;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>A value of the wrong type is an error at its own key, for every key there is.</summary>
public sealed class WrongTypeTests : IDisposable
{
    private readonly ConfigDocument _document = new();

    public static TheoryData<string> Keys => [.. ConfigKey.All.Skip(1).Select(static key => key.Path)];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Read_WrongType_IsAnErrorAtItsKey(string path)
    {
        var wrong = WrongFor(ConfigKey.At(path)).ToList();

        Assert.NotEmpty(wrong);
        Assert.All(wrong, value => IsAnError(path, value));
    }

    [Theory]
    [InlineData("ReverseProxy:TcpEndpoints:x:Address")]
    [InlineData("ReverseProxy:TcpRoutes:x:Listen")]
    [InlineData("ReverseProxy:TcpRoutes:x:ClusterId")]
    [InlineData("ReverseProxy:TcpRoutes:x:Match:Endpoints:0")]
    [InlineData("ReverseProxy:TcpRoutes:x:Match:SourceNetworks:0")]
    [InlineData("ReverseProxy:Routes:x:ClusterId")]
    [InlineData("ReverseProxy:Clusters:x:LoadBalancingPolicy")]
    [InlineData("ReverseProxy:Clusters:x:HealthCheck:Passive:Policy")]
    [InlineData("ReverseProxy:Clusters:x:Destinations:x:Address")]
    [InlineData("ReverseProxy:Clusters:x:Destinations:x:Health")]
    [InlineData("Admin:Url")]
    public void Read_TextThatMeansNothingHere_IsAnErrorAtItsKey(string path) =>
        Assert.All((string[])["\"no such\"", "\" \"", "5", "-1", "1e99", "true"], value => IsAnError(path, value));

    public void Dispose() => _document.Dispose();

    private static IEnumerable<string> WrongFor(ConfigKey key) =>
        key.Type.Kind switch
        {
            JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => ["\"text\"", "\"\"", "5", "-1", "1e99", "true"],
            JsonTypeInfoKind.Enumerable when key.Attribute<OneOrListAttribute>() is not null => key.Type.ElementType == typeof(string)
                ? ["""{"a":1}"""]
                : ["\"text\"", "5", "true"],
            JsonTypeInfoKind.Enumerable => ["\"text\"", "5", "-1", "1e99", "true", """{"a":1}"""],
            _ when key.Attribute<FreeContentAttribute>() is not null => ["\"text\"", "5", "true"],
            _ when key.Type.Type.IsDefined(typeof(FlagsAttribute), false) => ["\"no such\"", "5", "-1", "1e99", """{"a":1}"""],
            _ => WrongScalars(key).Concat(["""{"a":1}""", "[1]"]),
        };

    private static IEnumerable<string> WrongScalars(ConfigKey key)
    {
        var type = key.Type.Type;
        return type == typeof(string) ? []
            : type == typeof(TimeSpan) ? WrongDurations(key)
            : type == typeof(Uri) || type == typeof(Version) ? ["\"text\"", "\"\"", "true", "1e99", "-1"]
            : type == typeof(bool) || type.IsEnum ? ["\"no such\"", "\"\"", "0", "5", "-1", "1e99"]
            : WrongNumbers(key);
    }

    private static IEnumerable<string> WrongDurations(ConfigKey key)
    {
        IEnumerable<string> wrong =
        [
            .. (string[])["text", "", "5", "5s", "00:05", "24:00:00", "00:60:00", "-00:00:05", "50.00:00:00", "00:00:05\\n", "1:00:00"],
            .. key.Attribute<AllowNoneAttribute>() is null ? (string[])["None"] : [],
            .. ConfigTypes.IsOurs(key.Property) && key.Attribute<AllowZeroAttribute>() is null ? (string[])["00:00:00"] : [],
        ];
        return wrong.Select(static text => $"\"{text}\"").Concat(["5", "-1", "1e99", "true"]);
    }

    private static IEnumerable<string> WrongNumbers(ConfigKey key)
    {
        var range = key.Attribute<RangeAttribute>();
        return
        [
            .. (string[])
                [
                    "\"text\"",
                    "\"\"",
                    "\" 1\"",
                    "\"0x1\"",
                    "\"1,000\"",
                    "true",
                    "1.5",
                    "1e99",
                    "99999999999999999999",
                    "-99999999999999999999",
                ],
            .. range is null ? (string[])[] : [$"{ConfigTypes.Limits(range).Least - 1}", $"{ConfigTypes.Limits(range).Greatest + 1}"],
        ];
    }

    private void IsAnError(string path, string value)
    {
        var result = _document.Read(ConfigKey.Document(path, value));

        Assert.Null(result.Revision);
        Assert.Contains(result.Errors, error => error.Path == path && error.Line == 1);
        // An exception would have been caught as a problem of the whole.
        Assert.DoesNotContain(result.Errors, static error => error.Path.Length == 0);
        Assert.All(result.Errors, static error => Assert.Matches(@": [^ ].*[.?\]]$", error.ToString()));
    }
}
