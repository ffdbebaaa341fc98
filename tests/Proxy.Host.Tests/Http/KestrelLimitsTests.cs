using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Proxy.Configuration.Host;
using Proxy.Host.Http;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Http;

public sealed class KestrelLimitsTests
{
    [Fact]
    public void Apply_Defaults_AreThoseOfKestrel()
    {
        var limits = new KestrelServerLimits();

        KestrelLimits.Apply(new KestrelLimitsConfig(), limits);

        Assert.Equivalent(new KestrelServerLimits(), limits, strict: true);
    }

    [Theory]
    [InlineData(typeof(KestrelServerLimits), typeof(KestrelLimitsConfig), "Http3")]
    [InlineData(typeof(Http2Limits), typeof(KestrelHttp2LimitsConfig))]
    [InlineData(typeof(MinDataRate), typeof(KestrelDataRateConfig))]
    public void Apply_EveryLimitOfKestrel_IsInTheConfiguration(Type kestrel, Type ours, params string[] later) =>
        Assert.Equal(
            kestrel.GetProperties().Select(static property => property.Name).Except(later).Order(StringComparer.Ordinal),
            ours.GetProperties().Select(static property => property.Name).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void Apply_Values_AreTaken()
    {
        var limits = new KestrelServerLimits();

        KestrelLimits.Apply(
            new()
            {
                MaxRequestBufferSize = 100,
                MaxRequestLineSize = 90,
                MaxRequestHeadersTotalSize = 80,
                MaxRequestBodySize = -1,
                MaxConcurrentConnections = 7,
                MinRequestBodyDataRate = new() { BytesPerSecond = -1 },
                MinResponseDataRate = new() { BytesPerSecond = 9, GracePeriod = TimeSpan.FromSeconds(2) },
                Http2 = new() { MaxStreamsPerConnection = 3 },
            },
            limits
        );

        Assert.Equal((100, 90, 80), (limits.MaxRequestBufferSize, limits.MaxRequestLineSize, limits.MaxRequestHeadersTotalSize));
        Assert.Null(limits.MaxRequestBodySize);
        Assert.Null(limits.MaxConcurrentConnections); // it would limit the admin address too
        Assert.Null(limits.MinRequestBodyDataRate);
        Assert.Equal((9, TimeSpan.FromSeconds(2)), (limits.MinResponseDataRate!.BytesPerSecond, limits.MinResponseDataRate.GracePeriod));
        Assert.Equal(3, limits.Http2.MaxStreamsPerConnection);
    }

    [Theory]
    [InlineData(100, HttpStatusCode.OK)]
    [InlineData(101, HttpStatusCode.RequestEntityTooLarge)]
    public async Task Post_LargerThanTheLimit_Is413(int bytes, HttpStatusCode expected)
    {
        await using var backend = await ServeAsync();
        await using var host = await TestHost.StartAsync(
            $$"""
            { "Kestrel": { "Endpoints": { "h": { "Url": "http://127.0.0.1:0" } }, "Limits": { "MaxRequestBodySize": 100 } },
              "ReverseProxy": { "Routes": { "r": { "ClusterId": "c", "Match": { "Path": "/{**rest}" } } },
                "Clusters": { "c": { "Destinations": { "d": { "Address": "{{backend.Urls.Single()}}" } } } } } }
            """
        );
        using var http = new HttpClient { Timeout = Eventually.Limit };
        using var body = new ByteArrayContent(new byte[bytes]);

        using var answer = await http.PostAsync(host.Urls.Single(), body);

        Assert.Equal(expected, answer.StatusCode);
    }

    /// <summary>Starts a server that reads a body to its end.</summary>
    private static async Task<WebApplication> ServeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(static context => context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted));
        await app.StartAsync();
        return app;
    }
}
