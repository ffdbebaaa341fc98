using System.Text.Json.Nodes;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Core.Tests.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace Proxy.Core.Tests.EndToEnd.Configuration;

/// <summary>What is accepted of YARP's own keys is what YARP then uses.</summary>
public sealed class YarpKeysTests : IDisposable
{
    private const string Everything = """
        {
          "ReverseProxy": {
            "Routes": {
              "x": {
                "ClusterId": "x", "Order": -5, "MaxRequestBodySize": -1, "Timeout": "00:00:05", "Metadata": { "x": "m" },
                "Match": {
                  "Methods": ["PUT"], "Hosts": ["example.com"], "Path": "/p/{**rest}",
                  "QueryParameters": [{ "Name": "q", "Values": ["1", "2"], "Mode": "Prefix", "IsCaseSensitive": true }],
                  "Headers": [{ "Name": "h", "Values": ["3"], "Mode": "HeaderPrefix", "IsCaseSensitive": true }]
                },
                "Transforms": [{ "PathRemovePrefix": "/p" }, { "RequestHeader": "a", "Set": "b" }]
              }
            },
            "Clusters": {
              "x": {
                "LoadBalancingPolicy": "Random", "Metadata": { "x": "m" },
                "SessionAffinity": {
                  "Enabled": true, "Policy": "Cookie", "FailurePolicy": "Return503Error", "AffinityKeyName": "k",
                  "Cookie": {
                    "Path": "/c", "Domain": "example.com", "HttpOnly": false, "SecurePolicy": "Always", "SameSite": "Strict",
                    "Expiration": "01:00:00", "MaxAge": "2.00:00:00", "IsEssential": true
                  }
                },
                "HealthCheck": {
                  "AvailableDestinationsPolicy": "HealthyAndUnknown",
                  "Passive": { "Enabled": true, "Policy": "TransportFailureRate", "ReactivationPeriod": "00:00:07" },
                  "Active": { "Enabled": true, "Interval": "00:00:08", "Timeout": "00:00:09", "Policy": "ConsecutiveFailures", "Path": "/h", "Query": "?q" }
                },
                "HttpClient": {
                  "SslProtocols": ["Tls12", "tls13"], "DangerousAcceptAnyServerCertificate": true, "MaxConnectionsPerServer": 11,
                  "EnableMultipleHttp2Connections": false, "RequestHeaderEncoding": "utf-8", "ResponseHeaderEncoding": "latin1",
                  "WebProxy": { "Address": "http://proxy:8080/", "BypassOnLocal": true, "UseDefaultCredentials": true }
                },
                "HttpRequest": {
                  "ActivityTimeout": "00:00:12", "Version": "1.1", "VersionPolicy": "RequestVersionExact", "AllowResponseBuffering": true
                },
                "Destinations": { "x": { "Address": "http://a/", "Health": "http://h/", "Host": "o", "Metadata": { "x": "m" } } }
              }
            }
          }
        }
        """;

    private readonly ConfigDocument _document = new();

    [Fact]
    public void Read_EveryKeyOfYarp_IsWhatYarpTakes()
    {
        var missing = ConfigKey.All.Where(static key =>
            key.Property is not null && !ConfigTypes.IsOurs(key.Property) && Find(key.Path) is null
        );
        Assert.Empty(missing);

        var result = _document.Read(Everything);

        Assert.Empty(result.Errors);
        AssertSame(result.Revision!);
    }

    [Theory]
    [InlineData("HttpClient:SslProtocols", "\"Tls12\"")]
    [InlineData("HttpClient:SslProtocols", """["Tls12, Tls13"]""")]
    [InlineData("HttpClient:SslProtocols", "[]")]
    [InlineData("HttpRequest:Version", "2")]
    [InlineData("HttpRequest:Version", "\"3\"")]
    [InlineData("HttpRequest:Version", "\"2.0\"")]
    [InlineData("HttpRequest:Version", "\" 2.0\"")]
    [InlineData("HttpRequest:Version", "\"2.0.0.0\"")]
    [InlineData("HttpRequest:ActivityTimeout", "\"00:00:01.5\"")]
    [InlineData("HttpRequest:VersionPolicy", "\"requestversionexact\"")]
    [InlineData("HttpRequest:AllowResponseBuffering", "\"TRUE\"")]
    [InlineData("HttpClient:MaxConnectionsPerServer", "\"+7\"")]
    [InlineData("HttpClient:WebProxy:Address", "\"http://a b/\"")]
    [InlineData("SessionAffinity:Cookie:Expiration", "\"00:00:00\"")]
    public void Read_OtherWriting_IsRefusedOrWhatYarpTakes(string key, string value)
    {
        var path = $"ReverseProxy:Clusters:x:{key}";

        var result = _document.Read(ConfigKey.Document(path, value));

        Assert.Equal(result.Revision is null, result.Errors.Any(static error => error.Path.Length > 0));
        if (result.Revision is { } revision)
        {
            AssertSame(revision);
        }
    }

    [Theory]
    [InlineData("x:Order", "6", "7")]
    [InlineData("x:ClusterId", "'x'", "'y'")]
    [InlineData("x:MaxRequestBodySize", "1000", "2000")]
    [InlineData("x:MaxRequestBodySize", "1000", "null")]
    [InlineData("x:Timeout", "'00:00:01'", "'00:00:02'")]
    [InlineData("x:Metadata:x", "'m'", "'M'")]
    [InlineData("x:Transforms", "[{'PathPrefix':'/a'}]", "[{'PathPrefix':'/A'}]")]
    [InlineData("x:Match:Path", "'/a'", "'/b'")]
    [InlineData("x:Match:Methods", "['GET']", "['GET','PUT']")]
    [InlineData("x:Match:Hosts", "['a']", "['b']")]
    [InlineData(
        "x:Match:Headers",
        "[{'Name':'h','Values':['a'],'IsCaseSensitive':true}]",
        "[{'Name':'h','Values':['A'],'IsCaseSensitive':true}]"
    )]
    [InlineData("x:Match:Headers", "[{'Name':'h','Mode':'Exists'}]", "[{'Name':'h','Mode':'NotExists'}]")]
    [InlineData(
        "x:Match:QueryParameters",
        "[{'Name':'q','Values':['a'],'IsCaseSensitive':true}]",
        "[{'Name':'q','Values':['A'],'IsCaseSensitive':true}]"
    )]
    [InlineData("x:Match:QueryParameters", "[{'Name':'q','Values':['a']}]", "[{'Name':'q','Values':['a'],'IsCaseSensitive':true}]")]
    public void Read_KeyOfARouteEdited_YarpSeesAnotherRoute(string key, string before, string after)
    {
        Assert.NotEqual(RouteWith(key, before), RouteWith(key, after));
        Assert.Equal(RouteWith(key, after), RouteWith(key, after));
    }

    [Theory]
    [InlineData("Destinations:x:Address", "'http://a'", "'http://b'")]
    [InlineData("Destinations:x:Health", "'http://a'", "'http://b'")]
    [InlineData("Destinations:x:Host", "'a'", "'b'")]
    [InlineData("Destinations:x:Metadata:x", "'m'", "'M'")]
    [InlineData("Metadata:x", "'m'", "'M'")]
    [InlineData("LoadBalancingPolicy", "'Random'", "'RoundRobin'")]
    [InlineData("SessionAffinity:AffinityKeyName", "'k'", "'K'")]
    [InlineData("SessionAffinity:Cookie:Path", "'/a'", "'/A'")]
    [InlineData("SessionAffinity:Cookie:IsEssential", "true", "false")]
    [InlineData("HealthCheck:AvailableDestinationsPolicy", "'HealthyOrPanic'", "'HealthyAndUnknown'")]
    [InlineData("HealthCheck:Active:Path", "'/a'", "'/b'")]
    [InlineData("HealthCheck:Active:Query", "'?a'", "'?b'")]
    [InlineData("HealthCheck:Passive:ReactivationPeriod", "'00:00:01'", "'00:00:02'")]
    [InlineData("HttpClient:RequestHeaderEncoding", "'utf-8'", "'latin1'")]
    [InlineData("HttpClient:ResponseHeaderEncoding", "'utf-8'", "'latin1'")]
    [InlineData("HttpClient:WebProxy:Address", "'http://a/'", "'http://b/'")]
    [InlineData("HttpClient:EnableMultipleHttp2Connections", "true", "false")]
    [InlineData("HttpRequest:AllowResponseBuffering", "true", "false")]
    [InlineData("HttpRequest:Version", "'1.1'", "'2'")]
    public void Read_KeyOfAClusterEdited_YarpSeesAnotherCluster(string key, string before, string after) =>
        Assert.NotEqual(ClusterWith(key, before), ClusterWith(key, after));

    public void Dispose() => _document.Dispose();

    private RouteConfig RouteWith(string key, string value) => Edited($"Routes:{key}", value).HttpRoutes.Single();

    private ClusterConfig ClusterWith(string key, string value) =>
        Edited($"Clusters:x:{key}", value).Clusters.Single(static cluster => cluster.ClusterId == "x");

    private Revision Edited(string key, string value)
    {
        var json = JsonNode.Parse(Everything)!;
        json["ReverseProxy"]!["Clusters"]!["y"] = new JsonObject();
        var keys = $"ReverseProxy:{key}".Split(':');
        keys[..^1].Aggregate(json, static (node, key) => node[key]!)[keys[^1]] = JsonNode.Parse(value.Replace('\'', '"'));
        return _document.Read(json.ToJsonString()).Revision!;
    }

    private static JsonNode? Find(string path) =>
        path.Split(':').Aggregate(JsonNode.Parse(Everything), static (node, key) => key == "0" ? node?[0] : node?[key]);

    private static void AssertSame(Revision revision)
    {
        foreach (var route in revision.HttpRoutes)
        {
            var ours = revision.Config.ReverseProxy.Routes[route.RouteId];
            Assert.Equal(ours.Match, route.Match);
        }

        foreach (var cluster in revision.Clusters)
        {
            var ours = revision.Config.ReverseProxy.Clusters[cluster.ClusterId];
            Assert.Equal(ours.LoadBalancingPolicy, cluster.LoadBalancingPolicy);
            Assert.Equal(ours.SessionAffinity, cluster.SessionAffinity);
            Assert.Equal(ours.HealthCheck, cluster.HealthCheck);
            Assert.Equal(ours.HttpClient, cluster.HttpClient);
            Assert.Equal(ours.HttpRequest, cluster.HttpRequest);
        }
    }
}
