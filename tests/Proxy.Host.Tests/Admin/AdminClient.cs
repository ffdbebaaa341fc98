using System.Net;
using System.Text;
using System.Text.Json;
using Proxy.Host.Tests.Support;

namespace Proxy.Host.Tests.Admin;

/// <summary>A client of the API of a host.</summary>
internal sealed class AdminClient(TestHost host) : IDisposable
{
    public const string Changes = """{ "Url": "http://127.0.0.1:0", "AllowChanges": true }""";

    private readonly HttpClient _http = new() { Timeout = Eventually.Limit };

    /// <summary>Adds the admin endpoint to a configuration document.</summary>
    public static string With(string admin, string json) =>
        json.Insert(json.IndexOf('{', StringComparison.Ordinal) + 1, $"\"Admin\": {admin},");

    public async Task<JsonElement> GetAsync(string path)
    {
        var (status, body) = await SendAsync(HttpMethod.Get, path);
        Assert.True(status == HttpStatusCode.OK, $"{path}: {status} {body}");
        return JsonDocument.Parse(body).RootElement;
    }

    public Task<(HttpStatusCode Status, string Body)> SendAsync(HttpMethod method, string path, string? json = null) =>
        SendAsync(method, path, json is null ? null : new StringContent(json, Encoding.UTF8, "application/json"));

    public async Task<(HttpStatusCode Status, string Body)> SendAsync(
        HttpMethod method,
        string path,
        HttpContent? content,
        Action<HttpRequestMessage>? change = null
    )
    {
        using var request = new HttpRequestMessage(method, Address(path)) { Content = content };
        change?.Invoke(request);
        using var answer = await _http.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Sends a request, and expects an error in the API's format.</summary>
    public async Task<string> ErrorAsync(HttpStatusCode expected, HttpMethod method, string path, string? json = null)
    {
        var (status, body) = await SendAsync(method, path, json);
        Assert.True(status == expected, $"{method} {path}: {status} {body}");
        return JsonDocument.Parse(body).RootElement.GetProperty("error").GetString()!;
    }

    public void Dispose() => _http.Dispose();

    // Sends the path unchanged, with dot segments and repeated slashes.
    private Uri Address(string path) =>
        new(
            $"{host.Urls.Single().GetLeftPart(UriPartial.Authority)}{path}",
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }
        );
}
