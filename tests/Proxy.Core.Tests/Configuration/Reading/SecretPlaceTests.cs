using System.Text;
using System.Text.Json.Nodes;
using Proxy.Configuration;
using Proxy.Configuration.Reading;

namespace Proxy.Core.Tests.Configuration.Reading;

/// <summary>What is a secret is shown nowhere.</summary>
public sealed class SecretPlaceTests
{
    // Names of keys of ours that look like a secret and are none would be listed here, with the reason.
    private static readonly string[] _open = [];

    /// <summary>Every key of the records: a new one that is called like a secret and is not marked fails here.</summary>
    [Fact]
    public void IsHidden_EveryKeyOfTheRecords_WhatIsCalledASecretIsMarked()
    {
        string[] words = ["token", "secret", "password", "passphrase", "credential", "apikey", "hmac"];
        var suspicious = ConfigKey
            .All.Where(key => key.Type.Type == typeof(string))
            .Where(key => words.Any(word => key.Path[(key.Path.LastIndexOf(':') + 1)..].Contains(word, StringComparison.OrdinalIgnoreCase)))
            .Select(static key => key.Path)
            .Except(_open)
            .ToList();

        Assert.Contains("Admin:Token", suspicious);
        Assert.Contains("Channels:Notify:Http:0:Secret", suspicious);
        Assert.All(
            suspicious,
            static path => Assert.True(ProxyDocument.Secrets.At(path).IsHidden, $"{path} is shown: mark it with [Secret].")
        );
    }

    [Theory]
    [InlineData("Admin:Token", true)]
    [InlineData("admin:TOKEN", true)]
    [InlineData("Admin:Tokn", true)]
    [InlineData("Admin:Url", false)]
    [InlineData("Others:Anything", true)]
    [InlineData("Kestrel:Certificates:Default:Password", true)]
    [InlineData("Kestrel:Certificates:Default:Path", false)]
    [InlineData("Kestrel:Endpoints:Http:Url", false)]
    [InlineData("kestrel:endpoints:a:sni:*.example.com:certificate:keypath", false)]
    [InlineData("Kestrel:Endpoints:a:SslProtocols:0", false)]
    [InlineData("Kestrel:EndpointDefaults:Protocols", false)]
    [InlineData("Kestrel:Limits:Http2:MaxStreamsPerConnection", false)]
    [InlineData("Kestrel:Endpoints:a:Certificate:Pasword", true)]
    [InlineData("Kestrel:Endpoints:a:Certificate:Pasword:Url", true)]
    [InlineData("Kestrel:Endpoints:a:Sni:b:Certificate:Password", true)]
    [InlineData("Kestrel:Endpoints:a:Certificate", true)]
    [InlineData("Kestrel:Pasword", true)]
    [InlineData("Kestrel", true)]
    [InlineData("ReverseProxy:Routes:r:Transforms:0:Set", true)]
    [InlineData("ReverseProxy:Routes:r:Transforms:0:RequestHeader", false)]
    [InlineData("ReverseProxy:Routes:r:Match:Headers:0:Values:0", true)]
    [InlineData("ReverseProxy:Routes:r:Match:Headers:0:Name", false)]
    [InlineData("ReverseProxy:Clusters:c:Metadata:ApiKey", true)]
    [InlineData("ReverseProxy:Clusters:c:Metadata:Colour", false)]
    [InlineData("ReverseProxy:TcpRoutes:token:ClusterId", false)]
    public void At_Path_HidesSecretsAndWhatNobodyKnows(string path, bool expected) =>
        Assert.Equal(expected, ProxyDocument.Secrets.At(path).IsHidden);

    [Theory]
    [InlineData("http://me:pass@host/x", "http://***@host/x")]
    [InlineData("http://me:p@ss@host", "http://***@host")]
    [InlineData("'http://host/x?key=1' is no URL", "'http://host/x?***' is no URL")]
    [InlineData("tcp://127.0.0.1:80", "tcp://127.0.0.1:80")]
    [InlineData("me@host", "me@host")]
    [InlineData("me:pass@host", "***@host")]
    [InlineData("'me:p/a@ss@host:80/x' is no URL", "'***@host:80/x' is no URL")]
    [InlineData("token@host:80", "***@host:80")]
    [InlineData("unix:@abstract", "unix:@abstract")]
    [InlineData("/run/a@b:1", "/run/a@b:1")]
    [InlineData("http://a:b@c/,http://d:e@f?g#h://i@j", "http://***@c/,http://***@f?***#h://***@j")]
    [InlineData("http://a/b://c?", "http://a/b://c?")]
    [InlineData("http://a/#b?c", "http://a/#b?c")]
    public void Apply_Text_LosesUsersAndQueriesOfUrls(string text, string expected) => Assert.Equal(expected, SecretMask.Apply(text));

    /// <summary>A megabyte of what looks like an address again and again: the time grows with the length only.</summary>
    [Theory]
    [InlineData("://a")]
    [InlineData("://?")]
    [InlineData("://#")]
    [InlineData("a:")]
    [InlineData("://a/")]
    public void Apply_LongText_IsReadOnceAndHiddenWholeWhenAPartWouldBe(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, 1_000_000 / part.Length));

        Assert.Equal(text.Contains('?', StringComparison.Ordinal) ? "***" : text, SecretMask.Apply(text));
        Assert.Equal("***", SecretMask.Apply($"{text} http://me:pass@host"));
    }

    [Theory]
    [InlineData("""{ "Admin": { "Token": "x" } }""", """{ "Admin": { "Token": "***" } }""")]
    [InlineData(
        """{"Admin":{"Token":["x",{"y":1}],"Url":"http://a:b@c"},}""",
        """{"Admin":{"Token":["***",{"y":"***"}],"Url":"http://***@c"},}"""
    )]
    [InlineData("{ // x\n \"Demo\": /* x\n x */ {} }", "{ // …\n \"Demo\": /* …\n */ {} }")]
    [InlineData("""{ "ShutdownDelay": null, "Admin": { "Token": null } }""", """{ "ShutdownDelay": null, "Admin": { "Token": null } }""")]
    [InlineData("{ bad", null)]
    [InlineData("""{ "Admin": { "Token": "x" """, null)]
    public void Mask_Text_StaysAsItIsButForSecretsAndComments(string text, string? expected) =>
        Assert.Equal(expected, SecretText.Mask(Encoding.UTF8.GetBytes(text), ProxyDocument.Secrets));

    [Fact]
    public void Between_Documents_ListsKeysByPathAndMasksSecrets()
    {
        var running = JsonNode.Parse("""{ "Admin": { "Token": "a" }, "Demo": { "Enabled": true }, "Log": {} }""")!.AsObject();
        var other = JsonNode
            .Parse("""{ "Admin": { "Token": "b" }, "ShutdownDelay": "00:00:01", "Demo": { "Enabled": true } }""")!
            .AsObject();

        var difference = ConfigDifference
            .Between(running, other, ProxyDocument.Secrets)
            .Select(static one => $"{one.Path} {one.Running} {one.Other}");

        Assert.Equal(["Admin:Token *** ***", "ShutdownDelay  00:00:01"], difference);
    }
}
