namespace Proxy.Host.Tests.EndToEnd.Servers;

/// <summary>Certificates of an authority, made by openssl, in a temporary folder.</summary>
internal sealed class CertificateFiles : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("proxy-tls").FullName;

    private CertificateFiles() { }

    /// <summary>The authority.</summary>
    public string Authority => this["ca.pem"];

    public string this[string file] => Path.Combine(_folder, file);

    public static async Task<CertificateFiles> CreateAsync()
    {
        var files = new CertificateFiles();
        await files.RunAsync(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -subj /CN=ca -days 30"
        );
        return files;
    }

    /// <summary>Issues a certificate, NAME.pem with NAME.key.</summary>
    public Task IssueAsync(string name, string usage, string alternatives) =>
        RunAsync(
            $"openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}.key -out {name}.csr -subj /CN={name}"
                + $" && printf 'subjectAltName={alternatives}\\nextendedKeyUsage={usage}' > {name}.ext"
                + $" && openssl x509 -req -in {name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 20 -out {name}.pem -extfile {name}.ext"
        );

    /// <summary>What a route's Certificate says.</summary>
    public string Json(string name) => $$"""{ "Path": "{{this[$"{name}.pem"]}}", "KeyPath": "{{this[$"{name}.key"]}}" }""";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<string> RunAsync(string command) => Programs.RunAsync("sh", "", "-c", $"cd {_folder} && {command} 2>&1");
}
