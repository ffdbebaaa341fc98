using System.Diagnostics;
using OpenTelemetry.Instrumentation.AspNetCore;
using Proxy.Host.Http;

namespace Proxy.Host.Observability;

/// <summary>Configures the spans that OpenTelemetry's ASP.NET Core instrumentation creates for requests.</summary>
internal static class RequestSpans
{
    private const string Error = "error.type";
    private const int FirstFault = 500;

    public static void Set(AspNetCoreTraceInstrumentationOptions options)
    {
        // Requests of the admin endpoint are left out: scrapes and probes come every few seconds, and their traces are useless.
        options.Filter = static context => !AdminMark.IsOn(context.Features);
        options.EnrichWithHttpResponse = AddError;
    }

    // The semantic conventions require error.type for each 5xx status. The instrumentation sets it only for exceptions.
    private static void AddError(Activity span, HttpResponse response)
    {
        if (response.StatusCode >= FirstFault && span.GetTagItem(Error) is null)
        {
            span.SetTag(Error, $"{response.StatusCode}");
        }
    }
}
