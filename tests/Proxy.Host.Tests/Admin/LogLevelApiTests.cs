using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>Temporary log levels.</summary>
public sealed class LogLevelApiTests
{
    private const string Category = "Proxy.Multiplexing.MessageTrace";
    private const string Path = $"/api/log-levels/{Category}";

    [Fact]
    public async Task Put_TemporaryLevel_AppliesAtOnceAndEndsByItself()
    {
        await using var host = await TestHost.StartAsync(Config(""));
        using var api = new AdminClient(host);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(Category);

        var (status, body) = await api.SendAsync(HttpMethod.Put, Path, """{ "level": "trace", "for": 600 }""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.True(logger.IsEnabled(LogLevel.Trace));
        Assert.Equal("Trace", JsonDocument.Parse(body).RootElement.GetProperty("level").GetString());
        (status, _) = await api.SendAsync(HttpMethod.Put, Path, """{ "level": "trace", "for": 1 }"""); // in place of the first
        Assert.Equal(HttpStatusCode.OK, status);
        await Eventually.TrueAsync(() => !logger.IsEnabled(LogLevel.Trace));
        Assert.Equal(0, (await api.GetAsync("/api/log-levels")).GetArrayLength());
    }

    [Fact]
    public async Task Delete_AfterAnEditOfTheFile_TheFilesLevelApplies()
    {
        await using var host = await TestHost.StartAsync(Config($"\"{Category}\": \"Error\""));
        using var api = new AdminClient(host);
        var logger = host.Services.GetRequiredService<ILoggerFactory>().CreateLogger(Category);
        await api.SendAsync(HttpMethod.Put, Path, """{ "level": "Trace", "for": 86400 }""");

        await host.EditAsync(Config($"\"{Category}\": \"Warning\""));
        var listed = Assert.Single((await api.GetAsync("/api/log-levels")).EnumerateArray());

        Assert.Equal("Trace", listed.GetProperty("level").GetString());
        Assert.NotEqual(JsonValueKind.Null, listed.GetProperty("until").ValueKind);
        Assert.True(logger.IsEnabled(LogLevel.Trace));
        Assert.Equal(HttpStatusCode.NoContent, (await api.SendAsync(HttpMethod.Delete, Path)).Status);
        Assert.True(logger.IsEnabled(LogLevel.Warning) && !logger.IsEnabled(LogLevel.Information));
        await api.ErrorAsync(HttpStatusCode.NotFound, HttpMethod.Delete, Path);
    }

    [Theory]
    [InlineData("""{ "level": "Loud", "for": 1 }""")]
    [InlineData("""{ "level": 99, "for": 1 }""")]
    [InlineData("""{ "level": "Trace" }""")]
    [InlineData("""{ "for": 60 }""")]
    [InlineData("""{ "level": null, "for": 60 }""")]
    [InlineData("""{ "level": "Trace", "for": 0 }""")]
    [InlineData("""{ "level": "Trace", "for": 86401 }""")]
    [InlineData("""{ "level": "Trace", "for": 1e300 }""")]
    [InlineData("""{ "level": "Trace", "for": "1" }""")]
    [InlineData("""{ bad""")]
    [InlineData("")]
    [InlineData("null")]
    public async Task Put_InvalidRequest_IsRefused(string body)
    {
        await using var host = await TestHost.StartAsync(Config(""));
        using var api = new AdminClient(host);

        Assert.NotEmpty(await api.ErrorAsync(HttpStatusCode.BadRequest, HttpMethod.Put, Path, body));
        Assert.NotEmpty(
            await api.ErrorAsync(
                HttpStatusCode.BadRequest,
                HttpMethod.Put,
                $"/api/log-levels/{new string('x', 257)}",
                """{ "level": "Trace", "for": 1 }"""
            )
        );
    }

    [Theory]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("a%252Fb", "a%2Fb")]
    [InlineData("%252F%2f%2Fb", "%2F//b")]
    [InlineData("a%2525", "a%25")]
    public async Task Put_EscapedCategory_IsDecodedOnce(string escaped, string expected)
    {
        await using var host = await TestHost.StartAsync(Config(""));
        using var api = new AdminClient(host);

        var (_, body) = await api.SendAsync(
            HttpMethod.Put,
            $"/api/./log-levels/{escaped}?category=%2F",
            """{ "level": "Trace", "for": 60 }"""
        );

        Assert.Equal(expected, JsonDocument.Parse(body).RootElement.GetProperty("category").GetString());
    }

    [Fact]
    public async Task Put_CategoryThatDotNetRefuses_IsRefusedAndNothingIsSet()
    {
        await using var host = await TestHost.StartAsync(Config(""));
        using var api = new AdminClient(host);

        await api.ErrorAsync(HttpStatusCode.BadRequest, HttpMethod.Put, "/api/log-levels/a*b*c", """{ "level": "Trace", "for": 60 }""");

        await host.EditAsync(Config($"\"{Category}\": \"Warning\""));
        Assert.Empty(host.Status.Rejected);
    }

    [Fact]
    public async Task Put_AboveTheLimit_IsRefused()
    {
        await using var host = await TestHost.StartAsync(Config(""));
        using var api = new AdminClient(host);
        for (var i = 0; i < 64; i++)
        {
            Assert.Equal(
                HttpStatusCode.OK,
                (await api.SendAsync(HttpMethod.Put, $"/api/log-levels/c{i}", """{ "level": "Debug", "for": 600 }""")).Status
            );
        }

        await api.ErrorAsync(HttpStatusCode.Conflict, HttpMethod.Put, "/api/log-levels/more", """{ "level": "Debug", "for": 600 }""");
        Assert.Equal(
            HttpStatusCode.OK,
            (await api.SendAsync(HttpMethod.Put, "/api/log-levels/C1", """{ "level": "Trace", "for": 600 }""")).Status
        );
    }

    private static string Config(string levels) => $$"""{ "Admin": {{AdminClient.Changes}}, "Logging": { "LogLevel": { {{levels}} } } }""";
}
